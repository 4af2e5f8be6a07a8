"""State dicts are found in a torch file's dicts by what they hold, not by what they are under."""

from __future__ import annotations

import time

import numpy as np
import pytest

from topojax.errors import WeightsError
from topojax.weights import read_torch_file
from topojax.weights.formats.torch_objects import Storage, Tensor
from topojax.weights.nesting import nested_tensors

_STATE = {"conv.weight": np.ones((2, 3), np.float32), "fc.bias": np.zeros(2, np.float32)}
_SCALAR = np.array(0.5, np.float32)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"net": state, "epoch": 3},
        lambda state: {"model": {"backbone": state}},
        lambda state: {"model_state_dict": state, "best": _SCALAR, "loss": {"val": _SCALAR}},
        lambda state: {"state_dict": state, "rng_state": np.arange(9)},
        lambda state: {"net": state, "optimizer": {"state": {0: {"exp_avg": np.ones(3)}}}},
    ],
)
def test_the_one_dict_of_tensors_is_the_state_dict(tmp_path, write_torch_file, wrap):
    found = read_torch_file(write_torch_file(tmp_path / "a.pth", wrap(_STATE)))
    assert found.keys() == _STATE.keys()
    np.testing.assert_array_equal(found["conv.weight"], 1)


def test_several_are_told_apart_by_what_leads_to_them(tmp_path, write_torch_file):
    wrapped = {f"module.{name}": array for name, array in _STATE.items()}
    content = {"run": {"net": wrapped, "ema": {"shadow": _STATE}}}
    found = read_torch_file(write_torch_file(tmp_path / "a.pth", content))
    assert set(found) == {f"{place}{name}" for place in ("net.", "ema.shadow.") for name in _STATE}


def test_scalars_alone_are_a_state_dict(tmp_path, write_torch_file):
    found = read_torch_file(write_torch_file(tmp_path / "a.pth", {"net": {"scale": _SCALAR}}))
    assert list(found) == ["scale"]


def _tensor() -> Tensor:
    return Tensor(Storage("0", np.dtype("f4"), 1), np.dtype("f4"), 0, (1,), (1,))


def test_two_entries_of_one_name_are_refused():
    with pytest.raises(WeightsError, match=r"two entries.*a\.b\.c"):
        nested_tensors({"a": {"b.c": _tensor()}, "a.b": {"c": _tensor()}})


def test_what_holds_no_tensor_is_refused_by_its_keys():
    for found in ({}, {"lr": 1}, {"states": [{"w": _tensor()}]}, {0: {"w": _tensor()}}):
        with pytest.raises(WeightsError, match=f"keys are: {next(iter(found), 'none')}"):
            nested_tensors(found)


def test_dicts_within_themselves_and_in_many_places_cost_nothing():
    start = time.perf_counter()
    held: dict = {"w": _tensor()}
    for _ in range(7):
        held = {str(i): held for i in range(200)}
    held["itself"] = held
    assert list(nested_tensors(held)) == ["w"]
    for _ in range(10**5):
        held = {"a": held}
    with pytest.raises(WeightsError, match="no state dict"):
        nested_tensors(held)
    with pytest.raises(WeightsError, match="no state dict"):
        nested_tensors({"a" * 1000: {"w": _tensor()}})
    assert time.perf_counter() - start < 60
