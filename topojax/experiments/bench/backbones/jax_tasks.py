"""What is timed of topojax: forward, CAMs of three layers, a training step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from topojax.cam import METHODS, scale_maps, upsample_maps
from topojax.models import Backbone
from topojax.training.loop.sharding import share_batches
from topojax.training.loop.step import training_step

Step = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Compiled:
    """A computation, ready to run.

    Attributes:
        step: runs it and returns its result.
        bytes: of inputs, results and intermediates on the device, by the compiler's count.
    """

    step: Step
    bytes: int


@dataclass(frozen=True)
class JaxTasks:
    """The computations of one network on one batch.

    Attributes:
        model: from `create_model`.
        x: float32 (B, *spatial, C).
        labels: integers (B,).
        layers: stages of which maps are taken.
        precision: dtype of the activations; weights are float32.
    """

    model: Backbone
    x: np.ndarray
    labels: np.ndarray
    layers: tuple[str, ...]
    precision: str = "float32"

    def forward(self) -> Compiled:
        """Return the logits of evaluation mode."""
        return self._evaluated(lambda model, x: model(x))

    def cam_in_one_pass(self) -> Compiled:
        """Return the scaled maps (B, L, *spatial)."""

        def maps(model: Backbone, x: jax.Array) -> jax.Array:
            _, raw = METHODS["gradcam"](model, x, self.layers, None)
            spatial = x.shape[1:-1]
            enlarged = [upsample_maps(raw[layer].astype(float), spatial) for layer in self.layers]
            return jnp.stack([scale_maps(map_) for map_ in enlarged], axis=1)

        return self._evaluated(maps)

    def training(self) -> Compiled:
        """Return the loss of a step of Adam on the cross-entropy; the model is left as it is."""
        parts: tuple[Any, ...] = nnx.split(self.model, nnx.Param, nnx.BatchStat)
        graph, params, stats = parts
        devices = share_batches(len(self.x), jax.local_devices())
        optimiser = optax.adam(1e-3)
        loss = optax.softmax_cross_entropy_with_integer_labels
        update: Any = training_step(graph, optimiser, loss, self.precision, devices.replicated)
        now = list(devices.replicate((params, stats, optimiser.init(params))))
        batch = (self.x[None], self.labels[None], np.ones((1, len(self.x)), np.float32))
        placed = tuple(devices.shard(part, axis=1) for part in batch)
        executable = update.lower(*now, *placed).compile()

        def step() -> np.ndarray:
            *later, loss = executable(*now, *placed)
            now[:] = later
            jax.block_until_ready(now)
            return np.asarray(loss)

        return Compiled(step, held_bytes(executable))

    def _evaluated(self, function: Callable[[Backbone, jax.Array], jax.Array]) -> Compiled:
        graph, state = nnx.split(self.model)

        def run(state: Any, x: jax.Array) -> jax.Array:
            model = nnx.merge(graph, state, copy=True)
            model.eval()
            return function(model, x.astype(self.precision)).astype(float)

        x = jnp.asarray(self.x)
        executable = jax.jit(run).lower(state, x).compile()
        return Compiled(lambda: np.asarray(executable(state, x)), held_bytes(executable))


def held_bytes(executable: Any) -> int:
    """Return the bytes of arguments, results and intermediates, donated ones counted once."""
    memory = executable.memory_analysis()
    return (
        memory.argument_size_in_bytes
        + memory.output_size_in_bytes
        + memory.temp_size_in_bytes
        - memory.alias_size_in_bytes
    )
