"""How much faster are the chosen convolution formulations than XLA's own convolution?

Times the forward pass, the three-layer CAM and the training step of a whole network, once with the
formulation that `topojax.models.blocks.convolution` chooses for each layer and once with plain
`lax.conv_general_dilated` everywhere, in turn, on the same weights and images. Values are compared
before anything is timed.

    python benchmarks/convolution.py [--network r3d_18] [--size 28] [--batch 8] [--repeats 5]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from topojax.cam.methods.gradcam import gradcam
from topojax.models import create_model
from topojax.models.blocks.convolution import plain

RESULTS = Path(__file__).parent / "results"
LAYERS = ("layer2", "layer3", "layer4")
Step = Callable[[], list[np.ndarray]]


def steps(network: str, x: jax.Array, y: jax.Array) -> dict[str, Step]:
    """Return the three compiled computations under the formulation that is chosen now."""
    graph, params, stats = nnx.split(
        create_model(network, 2, x.shape[-1], rngs=nnx.Rngs(0)), nnx.Param, nnx.BatchStat
    )

    def model(params: nnx.State, *, train: bool) -> nnx.Module:
        merged = nnx.merge(graph, params, stats, copy=True)
        merged.train() if train else merged.eval()
        return merged

    def forward(params: nnx.State) -> jax.Array:
        return model(params, train=False)(x)

    def cam(params: nnx.State) -> tuple[jax.Array, dict[str, jax.Array]]:
        return gradcam(model(params, train=False), x, LAYERS, None)

    def training(params: nnx.State) -> tuple[jax.Array, nnx.State]:
        def loss(params: nnx.State) -> jax.Array:
            logits = model(params, train=True)(x)
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

        return jax.value_and_grad(loss)(params)

    def compiled(function: Callable) -> Step:
        executable = jax.jit(function).lower(params).compile()
        return lambda: [np.asarray(leaf) for leaf in jax.tree.leaves(executable(params))]

    return {"forward": compiled(forward), "cam": compiled(cam), "training": compiled(training)}


def check_equal(name: str, ours: Step, plain_step: Step) -> float:
    """Return the norm of the difference over the norm; stop where it is not rounding.

    Rounding that flips a ReLU moves single gradients by per cents, hence the norm over all.
    """
    a, b = (np.concatenate([leaf.ravel() for leaf in step()]) for step in (ours, plain_step))
    difference = float(np.linalg.norm(a - b) / np.linalg.norm(b))
    if not difference < 1e-2:
        raise SystemExit(f"{name}: the formulations differ by {difference:.1e}; not timed")
    return difference


def timed_in_turn(ours: Step, plain_step: Step, repeats: int) -> tuple[list[float], list[float]]:
    """Return the seconds of both, run alternately."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for step, series in zip((ours, plain_step), seconds, strict=True):
            start = time.perf_counter()
            step()
            series.append(time.perf_counter() - start)
    return seconds


def main() -> None:
    """Compare, time, print, and write `results/convolution_NETWORK_SIZE.json`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="r3d_18")
    parser.add_argument("--size", type=int, default=28)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    dims = 3 if options.network == "r3d_18" else 2
    rng = np.random.default_rng(0)
    shape = (options.batch, *(options.size,) * dims, 1)
    x = jnp.asarray(rng.standard_normal(shape).astype(np.float32))
    y = jnp.asarray(np.arange(options.batch) % 2)
    ours = steps(options.network, x, y)
    with mock.patch("topojax.models.blocks.convolution.choose_formulation", return_value=plain):
        theirs = steps(options.network, x, y)
    rows = {}
    for name, step in ours.items():
        difference = check_equal(name, step, theirs[name])
        seconds = timed_in_turn(step, theirs[name], options.repeats)
        chosen, xla = (statistics.median(series) / options.batch for series in seconds)
        rows[name] = {
            "chosen_s_per_image": chosen,
            "plain_s_per_image": xla,
            "ratio": xla / chosen,
            "relative_difference": difference,
        }
        print(f"{name:10} chosen {chosen:.4f} s, plain {xla:.4f} s an image: {xla / chosen:.1f} x")
    record = {
        "question": __doc__.splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "settings": vars(options),
        "device": f"{jax.devices()[0].platform}, {platform.processor() or platform.machine()}",
        "versions": {"jax": jax.__version__, "flax": flax.__version__},
        "medians": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"convolution_{options.network}_{options.size}.json"
    file.write_text(json.dumps(record, indent=2) + "\n")
    print(f"jax {jax.__version__}, flax {flax.__version__}; written to {file}")


if __name__ == "__main__":
    main()
