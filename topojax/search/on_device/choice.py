"""Kernels or device: what was asked for, or what was measured to be faster."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

import jax

from topojax.config import Config
from topojax.errors import ConfigError
from topojax.search.on_device.measured import measurements_file, nearest, read_measurements
from topojax.search.on_device.objective import check_on_device

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """Who counts candidates' Betti numbers.

    Attributes:
        topology: `kernels` or `device`.
        why: a clause.
    """

    topology: Literal["kernels", "device"]
    why: str


def choose_topology(config: Config, spatial_shape: tuple[int, ...]) -> Choice:
    """Return what `config.search.topology` comes to on this machine; say it on an accelerator.

    `auto` takes the device where it is no processor, the search can be compiled, and images of
    about this size took it less time than the kernels in measurements of `topojax bench device`.

    Args:
        config: settled, but for this.
        spatial_shape: of an image.

    Raises:
        ConfigError: `device`, and the search cannot be compiled.
        RunError: the measurements cannot be read.
    """
    asked = config.search.topology
    if asked == "kernels":
        return Choice(asked, "as asked for")
    if asked == "device":
        check_on_device(config)
        return Choice(asked, "as asked for")
    device = jax.devices()[0]
    if device.platform == "cpu":
        return Choice("kernels", "faster on every processor that was measured")
    choice = _measured_choice(config, spatial_shape, device)
    _LOGGER.info("topology by %s: %s", choice.topology, choice.why)
    return choice


def _measured_choice(config: Config, spatial_shape: tuple[int, ...], device: jax.Device) -> Choice:
    try:
        check_on_device(config)
    except ConfigError as error:
        return Choice("kernels", str(error))
    try:
        row = nearest(read_measurements(measurements_file(device)), spatial_shape)
    except RuntimeError:
        row = None
    if row is None:
        return Choice(
            "kernels",
            f"nothing of {len(spatial_shape)} axes was measured on {device.device_kind}: "
            "`topojax bench device` does",
        )
    size = " x ".join(map(str, row.shape))
    times = f"{row.device:.3g} ns a voxel on {device.device_kind}, {row.kernels:.3g} by the kernels"
    return Choice("device" if row.device < row.kernels else "kernels", f"at {size} {times}")
