"""Classifiers on descriptors: MLPs (paper, section 4.1), cross-fitted and final; scikit-learn's."""
