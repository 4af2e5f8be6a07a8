"""The methods by name: how the channels of a layer weigh in its map."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from jaxtyping import Array

from topojax.cam.methods.gradcam import gradcam
from topojax.cam.methods.gradcam_pp import gradcam_pp
from topojax.cam.methods.scorecam import scorecam
from topojax.cam.methods.stages import Logits, Maps, Outputs
from topojax.errors import ConfigError
from topojax.models import Backbone

Method: TypeAlias = Callable[
    [Backbone, Array, tuple[str, ...], Array | None],
    tuple[Outputs, Maps],
]
"""From a model in evaluation mode, images, layers and classes to the network's outputs and raw
maps; traceable."""

METHODS: dict[str, Method] = {
    "gradcam": gradcam,
    "gradcam++": gradcam_pp,
    "scorecam": scorecam,
}

__all__ = ["METHODS", "Logits", "Maps", "Method", "Outputs", "check_method"]


def check_method(method: str) -> None:
    """Raise ConfigError unless method is one of `METHODS`."""
    if method not in METHODS:
        raise ConfigError(f"method={method!r} is unknown; choose one of {', '.join(METHODS)}")
