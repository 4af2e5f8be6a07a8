"""Pretrained weights: files read without torch, torchvision's names on our networks."""

from topojax.weights.state_dict_file import read_state_dict
from topojax.weights.torch_file import read_torch_file
from topojax.weights.torchvision import (
    TorchvisionReport,
    load_torchvision,
    torchvision_report,
)

__all__ = [
    "TorchvisionReport",
    "load_torchvision",
    "read_state_dict",
    "read_torch_file",
    "torchvision_report",
]
