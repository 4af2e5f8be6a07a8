"""Data: MedMNIST files, data sets behind a registration, arrays, synthetic images, and what is
refused of them."""

from topojax.data.dataset import (
    SPLITS,
    Dataset,
    Split,
    SplitName,
    validate_dataset,
    validate_labels,
    validate_splits,
)
from topojax.data.derived.fewer import fewer_images, fewer_rows, fewer_training_images
from topojax.data.derived.null import NULLS, noise_images, shuffled_labels
from topojax.data.derived.resized import resize_dataset
from topojax.data.image_files import read_manifest, read_records
from topojax.data.image_set import ImageSet, read_image_set
from topojax.data.images import validate_images
from topojax.data.manifest import Row
from topojax.data.masks import Masks, read_masks
from topojax.data.medmnist.reading import read_medmnist
from topojax.data.medmnist.table import MEDMNIST, MedMNIST
from topojax.data.reading import read_dataset
from topojax.data.registered.reading import read_registered
from topojax.data.registered.table import REGISTERED
from topojax.data.resize import resize_images
from topojax.data.scale import IntensityScale
from topojax.data.synthetic.images import Samples, make_shapes, make_vessels, synthetic_dataset

__all__ = [
    "MEDMNIST",
    "NULLS",
    "REGISTERED",
    "SPLITS",
    "Dataset",
    "ImageSet",
    "IntensityScale",
    "Masks",
    "MedMNIST",
    "Row",
    "Samples",
    "Split",
    "SplitName",
    "fewer_images",
    "fewer_rows",
    "fewer_training_images",
    "make_shapes",
    "make_vessels",
    "noise_images",
    "read_dataset",
    "read_image_set",
    "read_manifest",
    "read_masks",
    "read_medmnist",
    "read_records",
    "read_registered",
    "resize_dataset",
    "resize_images",
    "shuffled_labels",
    "synthetic_dataset",
    "validate_dataset",
    "validate_images",
    "validate_labels",
    "validate_splits",
]
