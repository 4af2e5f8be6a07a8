"""Classifiers of scikit-learn: made, chosen, written as bytes and read back."""
