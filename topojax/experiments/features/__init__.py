"""Topological descriptors of images, written as a table."""

from topojax.experiments.features.of_arrays import roi_features, whole_image_features
from topojax.experiments.features.of_files import file_features
from topojax.experiments.features.of_volumes import volume_features
from topojax.experiments.features.slabs import volume_in_slabs
from topojax.experiments.features.table import Features, check_feature_file, write_features
from topojax.experiments.features.work import Work, progress_folder, remove_progress

__all__ = [
    "Features",
    "Work",
    "check_feature_file",
    "file_features",
    "progress_folder",
    "remove_progress",
    "roi_features",
    "volume_features",
    "volume_in_slabs",
    "whole_image_features",
    "write_features",
]
