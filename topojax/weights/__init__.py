"""Pretrained weights: files read without torch, torchvision's names on our networks."""

from topojax.weights.cache import cache_folder, cached_file, fetch_weights
from topojax.weights.formats.state_dict_file import check_suffix, read_state_dict, write_state_dict
from topojax.weights.formats.torch_file import read_torch_file
from topojax.weights.inflation import inflate_resnet18
from topojax.weights.inspection import fitting_networks
from topojax.weights.names import entries_under
from topojax.weights.pretrained import pretrained_weights
from topojax.weights.published import DATASETS, PUBLISHED, PublishedWeights, published_for
from topojax.weights.torchvision import (
    TorchvisionReport,
    load_torchvision,
    torch_name,
    torchvision_report,
)

__all__ = [
    "DATASETS",
    "PUBLISHED",
    "PublishedWeights",
    "TorchvisionReport",
    "cache_folder",
    "cached_file",
    "check_suffix",
    "entries_under",
    "fetch_weights",
    "fitting_networks",
    "inflate_resnet18",
    "load_torchvision",
    "pretrained_weights",
    "published_for",
    "read_state_dict",
    "read_torch_file",
    "torch_name",
    "torchvision_report",
    "write_state_dict",
]
