"""Transformers of scikit-learn: curves and diagrams of images on their ROIs."""
