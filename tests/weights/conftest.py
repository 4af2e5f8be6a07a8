"""Torch files: those that the tests write themselves, and torch's own where they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from oracles.torch_save import Parameter, save_torch_file


class _Command:
    """Pickles as a call of the system's shell."""

    def __reduce__(self) -> tuple:
        return os.system, ("touch a_shell_command_was_run",)


def _state_dict() -> dict[str, np.ndarray]:
    """Return what a state dict may hold: every kind of number, views, nothing, a scalar."""
    rng = np.random.default_rng(12)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    table = draw(6, 8)
    return {
        "conv.weight": draw(4, 3, 3, 3, 3),
        "conv.bias": draw(4),
        "bn.running_var": np.exp(draw(4)),
        "bn.num_batches_tracked": np.array(31),
        "half.weight": draw(5, 2).astype(np.float16),
        "bf16.weight": draw(5, 2).astype(ml_dtypes.bfloat16),
        "double.weight": rng.standard_normal(3),
        "transposed.weight": table.T,
        "shared.row": table[2],
        "empty": np.zeros((0, 4), np.float32),
        "scalar": np.array(0.25, np.float32),
        "mask": np.array([True, False, True]),
    }


@pytest.fixture(scope="session")
def made_torch_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of files as torch writes them, with `expected.npz`, half types as float32."""
    folder = tmp_path_factory.mktemp("torch_files")
    arrays, weight = _state_dict(), np.arange(6, dtype=np.float32).reshape(2, 3)
    save_torch_file(folder / "zip_format.pth", arrays)
    save_torch_file(folder / "legacy_format.pth", arrays, legacy=True)
    wrapped = {f"module.{name}": array for name, array in arrays.items()}
    save_torch_file(folder / "nested_dataparallel.pth", {"epoch": 3, "state_dict": wrapped})
    save_torch_file(folder / "parameter.pth", {"fc.weight": Parameter(weight)})
    save_torch_file(folder / "hostile.pth", {"conv.weight": _Command()})
    halves = ("half.weight", "bf16.weight")
    exact = {name: array.astype(np.float32) for name, array in arrays.items() if name in halves}
    np.savez(folder / "expected.npz", **(arrays | exact | {"parameter/fc.weight": weight}))
    return folder


@pytest.fixture(scope="session")
def write_torch_file() -> Callable[..., Path]:
    """Return a function (path, arrays, legacy=False) that writes them as `torch.save` does."""
    return save_torch_file
