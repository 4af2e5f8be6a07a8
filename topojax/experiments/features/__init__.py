"""Topological descriptors of images, written as a table."""

from topojax.experiments.features.of_arrays import roi_features, whole_image_features
from topojax.experiments.features.of_files import file_features
from topojax.experiments.features.table import Features, check_feature_file, write_features

__all__ = [
    "Features",
    "check_feature_file",
    "file_features",
    "roi_features",
    "whole_image_features",
    "write_features",
]
