"""All cases of a plan, and their record."""

from __future__ import annotations

import gc
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jax
import torch

from topojax.errors import BenchError
from topojax.experiments.bench.backbones import torch_tasks
from topojax.experiments.bench.backbones.measuring import SEED, measure
from topojax.experiments.bench.backbones.plans import Plan
from topojax.experiments.bench.machine import processor

QUESTION = "How fast are the backbones and their maps here and in torch?"


def device() -> str:
    """Return the model name of the processor or GPU."""
    if jax.default_backend() != "cpu":
        return jax.devices()[0].device_kind
    return processor()


def grad_cam() -> str:
    """Return what makes torch's maps layer by layer."""
    if torch_tasks.GradCAM is None:
        return "grad-cam's way re-implemented with hooks (grad-cam is not importable here)"
    return f"grad-cam {version('grad-cam')}"


def versions() -> dict[str, str]:
    """Return what was measured."""
    found = {"python": platform.python_version()}
    for name in ("topojax", "jax", "flax", "optax", "torch", "grad-cam"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    # The distribution's version does not tell a CPU build from another.
    found["torch"] = torch.__version__
    return found


def require_gpu() -> None:
    """Return if jax and torch see a GPU.

    Raises:
        BenchError: one of them does not.
    """
    if jax.default_backend() != "gpu" or not torch.cuda.is_available():
        raise BenchError(
            f"--gpu: jax sees {jax.default_backend()}, torch "
            f"{'cuda' if torch.cuda.is_available() else 'cpu'}; install both for the same GPU"
        )


def run(plan: Plan) -> dict[str, Any]:
    """Compare, time and return the record.

    Raises:
        BenchError: results that differ, before they are timed.
    """
    n_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(n_threads)
    rows = []
    for case in plan.cases:
        rows += measure(case, plan)
        gc.collect()
    return {
        "question": QUESTION,
        "date": datetime.now(UTC).date().isoformat(),
        "settings": {
            "precision": plan.precision,
            "repeats": plan.repeats,
            "targets": plan.targets,
            "seed": SEED,
        },
        "device": device(),
        "threads": f"{n_threads} threads on both sides",
        "versions": versions(),
        "grad_cam": grad_cam(),
        "rows": [asdict(row) for row in rows],
    }
