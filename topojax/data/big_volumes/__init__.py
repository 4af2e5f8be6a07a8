"""Volumes that stay in their files: parts are read when they are asked for."""

from topojax.data.big_volumes.intensities import Intensities, refuse_whole
from topojax.data.big_volumes.opening import is_big_volume, open_volume
from topojax.data.big_volumes.volume import FileVolume

__all__ = ["FileVolume", "Intensities", "is_big_volume", "open_volume", "refuse_whole"]
