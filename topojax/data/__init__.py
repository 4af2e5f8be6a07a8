"""Data: MedMNIST files, arrays, synthetic images, and what is refused of them."""

from topojax.data.dataset import (
    SPLITS,
    Dataset,
    Split,
    validate_dataset,
    validate_images,
    validate_labels,
    validate_splits,
)
from topojax.data.image_set import ImageSet, read_image_set
from topojax.data.medmnist import read_medmnist
from topojax.data.medmnist_table import MEDMNIST, MedMNIST
from topojax.data.resize import resize_images
from topojax.data.synthetic import Samples, make_shapes, make_vessels, synthetic_dataset

__all__ = [
    "MEDMNIST",
    "SPLITS",
    "Dataset",
    "ImageSet",
    "MedMNIST",
    "Samples",
    "Split",
    "make_shapes",
    "make_vessels",
    "read_image_set",
    "read_medmnist",
    "resize_images",
    "synthetic_dataset",
    "validate_dataset",
    "validate_images",
    "validate_labels",
    "validate_splits",
]
