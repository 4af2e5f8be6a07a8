"""The benchmark of the kernels: its inputs, its comparison with peers, and one tiny run."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oracles.gudhi_bars import gudhi_betti_curves
from topojax.errors import BenchError, DataError
from topojax.experiments.bench.persistence import (
    bars,
    batches,
    giotto,
    inputs,
    measurements,
    peers,
    plans,
    running,
)
from topojax.experiments.bench.persistence.inputs import SyntheticInput
from topojax.experiments.bench.persistence.plans import Batch
from topojax.experiments.bench.persistence.processes import compilation, first_call, memory
from topojax.experiments.bench.persistence.report import page, tables

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"


@pytest.fixture
def tiny() -> plans.Plan:
    kinds = ("smooth", "noise", "quantised", "masked")
    return replace(
        plans.QUICK,
        images=(
            *(SyntheticInput(kind, 9) for kind in kinds),
            SyntheticInput("noise", 12, 2),
            SyntheticInput("noise", 12, 2, "V"),
            SyntheticInput("smooth", 9, 3, "V"),
            inputs.HIPPOCAMPUS,
        ),
        batches=(Batch("noise", 6, 3, 2), Batch("smooth", 6, 2)),
        single=Batch("smooth", 5, 3),
        roi=9,
        memory=(SyntheticInput("smooth", 9), SyntheticInput("noise", 12, 2)),
        loops=(SyntheticInput("noise", 9),),
        limits={},
    )


@pytest.mark.slow
def test_run_writes_record_table_and_figure(tiny, tmp_path):
    running.write(running.run(replace(tiny, repeats=1)), tmp_path, tiny.stem)
    record = json.loads((tmp_path / "persistence_quick.json").read_text(encoding="utf-8"))
    assert [row["size"] for row in record["rows"]] == ["9³"] * 4 + ["12²"] * 2 + ["9³"]
    assert [row["construction"] for row in record["rows"]] == ["T"] * 5 + ["V"] * 2
    for row in record["rows"]:
        assert row["checked"] == [name for name in row["median"] if name != "topojax"]
        assert {"GUDHI", "cripser", "cripser restricted"} <= set(row["checked"])
        assert ("GUDHI 2-D" in row["checked"]) == (row["rank"] == 2)
        assert all(ns > 0 for ns in row["median"].values())
    assert {"python", "numpy", "numba", "gudhi", "cripser"} <= set(record["versions"])
    assert record["left_out"]["giotto-tda"] == "no --giotto-python given"
    assert record["left_out"]["hippocampus MRI"] == "no --data folder given"
    assert record["settings"]["repeats"] == 1
    assert [row["input"] for row in record["threads"]] == ["noise", "smooth"]
    assert set(record["threads"][0]["peers"]) >= {"GUDHI", "cripser", "cripser restricted"}
    assert record["threads"][1]["peers"] == {}
    assert record["single_calls"]["single_us"] > 0
    assert [row["construction"] for row in record["loops"]] == ["T", "V"]
    assert [row["size"] for row in record["memory"]] == ["9³", "12²"]
    assert [row["call"] for row in record["first_call"]] == ["`betti_curves`, 28³"]
    table = (tmp_path / "persistence_quick.md").read_text(encoding="utf-8")
    assert "| masked 9³, float32 |" in table
    in_cells, _, of_vertices = table.partition("\nV-construction")
    assert "| smooth 9³, float32 |" in in_cells
    assert "| smooth 9³, float32 |" in of_vertices
    assert "| 3 × noise 6³ |" in of_vertices
    assert "| noise 9³, float32 | V |" in of_vertices
    assert (tmp_path / "persistence_quick.png").read_bytes().startswith(b"\x89PNG")


def test_a_wrong_peer_stops_the_run_before_it_is_timed(tiny):
    calls = []

    def wrong(sample):
        calls.append(sample.size)
        curves = peers.ours(sample)[[0, 2]]
        curves[1, 7] += 1
        return curves

    peer = peers.Peer("wrong", peers.stopwatch(wrong), peers.NEEDED)
    with pytest.raises(
        BenchError, match=r"noise 9³ \(T\): beta_2 at threshold .* is 1 by wrong, 0 by"
    ):
        measurements.measure(inputs.synthetic("noise", (9, 9, 9)), [peer], tiny, 1e9)
    assert calls == ["8³", "9³"], "a first call, and the comparison"


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("shape", [(12, 11), (7, 8, 6)])
@pytest.mark.parametrize("kind", ["smooth", "noise", "quantised", "masked"])
def test_every_peer_counts_as_the_oracle_does(kind, shape, construction):
    sample = replace(inputs.synthetic(kind, shape), construction=construction)
    want = gudhi_betti_curves(sample.image, sample.thresholds, sample.mask, construction)
    assert (want > 0).sum() >= 20
    found, _ = peers.importable_peers()
    fitting = [peer for peer in (peers.TOPOJAX, *found) if peer.takes(sample)]
    assert {"topojax", "GUDHI", "cripser", "cripser restricted"} <= {p.name for p in fitting}
    assert ("GUDHI 2-D" in {p.name for p in fitting}) == (len(shape) == 2)
    for peer in fitting:
        _, curves = peer.timed(sample)
        rows = list(peer.dimensions[len(shape)])
        np.testing.assert_array_equal(curves, want[rows], err_msg=peer.name)


def test_an_image_too_large_for_all_is_checked_by_cc3d_alone():
    pytest.importorskip("cc3d")
    sample = inputs.synthetic("noise", (9, 9, 9))
    every_peer, _ = peers.importable_peers()
    assert measurements.check(sample, [], every_peer) == ["cc3d"]
    assert measurements.check(sample, [], []) == []


def test_a_peer_of_one_construction_is_not_asked_for_the_other(tiny):
    found, _ = peers.importable_peers()
    only_cells = replace(found[0], name="cells", constructions=peers.TOP)
    for construction, expected in (("T", ["cells"]), ("V", [])):
        sample = SyntheticInput("noise", 9, 3, construction).sample()
        asked = measurements.fitting(sample, [only_cells], tiny)
        assert [peer.name for peer in asked] == expected


def test_batches_are_timed_on_one_thread_and_two_beside_arithmetic(tiny, monkeypatch):
    monkeypatch.setattr(batches, "_STEPS", 1000)
    found, _ = peers.importable_peers()
    cripser = [peer for peer in found if peer.name == "cripser restricted"]
    row = batches.measure_batch(Batch("noise", 6, 3, 2), cripser, replace(tiny, repeats=2))
    names = {"one", "two", "processes", "arithmetic_one", "arithmetic_two", "cripser restricted"}
    assert row["rounds"].keys() == names
    assert {len(series) for series in row["rounds"].values()} == {2}
    assert row["ns_per_voxel"] == pytest.approx(1e6 * row["one_ms"] / 6**3)
    ratios = [a / b for a, b in zip(row["rounds"]["one"], row["rounds"]["two"], strict=True)]
    assert row["ratio"] == pytest.approx(sum(ratios) / 2)


def test_a_wrong_peer_stops_a_batch(tiny):
    wrong = peers.Peer("wrong", peers.stopwatch(lambda s: peers.ours(s) + 1), peers.EVERY)
    with pytest.raises(BenchError, match="by wrong"):
        batches.measure_batch(Batch("noise", 6, 2, 1), [wrong], tiny)


def test_a_single_call_costs_what_it_takes_beyond_its_part_of_a_batch(tiny):
    row = batches.measure_single_calls(Batch("smooth", 5, 3), replace(tiny, repeats=1))
    assert row["overhead_us"] == pytest.approx(row["single_us"] - row["batched_us"])
    assert row["single_us"] > 0
    assert row["batched_us"] > 0


def test_first_calls_are_named_as_the_program_knows_them():
    assert compilation.CALLS.keys() == first_call.CALLS.keys()
    for plan in (plans.QUICK, plans.FULL):
        assert set(plan.first_calls) <= compilation.CALLS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("call", first_call.CALLS)
def test_first_calls_run(call):
    assert first_call.CALLS[call]() is not None


def test_memory_of_an_image_names_its_size():
    row = memory.measure_memory(SyntheticInput("noise", 12, 2).sample())
    assert (row["input"], row["size"]) == ("noise", "12²")
    assert row["bytes_per_voxel"] is None or row["bytes_per_voxel"] >= 0


def test_records_of_before_a_field_was_added_make_a_page():
    old = {"width": 28, "count": 256, "one_ms": 0.2, "two_ms": 0.1, "ratio": 2.0}
    assert "| 256 × smooth 28³ | 0.2 | 0.1 | 2.00 | — |" in tables.threads_table([old])
    memory_row = {"input": "noise", "width": 256, "bytes_per_voxel": 15.5}
    assert "| noise 256³ | 15.5 |" in tables.memory_table([memory_row])
    seconds = {"first_s": 21.31, "later_s": 0.94}
    committed = json.loads((RESULTS / "persistence.json").read_text(encoding="utf-8"))
    old_record = committed | {"first_call": seconds}
    assert "| `betti_curves`, 28³ | 21.3 | 0.94 |" in page.markdown(old_record)


def test_real_inputs_are_read_where_they_are(tmp_path):
    stent = replace(inputs.STENT, file="stent.npz")
    np.savez(tmp_path / stent.file, arr_0=np.arange(24.0).reshape(2, 3, 4))
    both = (stent, inputs.MNI152)
    assert [sample.size for sample in inputs.samples(both, tmp_path)] == ["2×3×4"]
    assert list(inputs.missing(both, tmp_path)) == ["MNI152 T1"]
    assert list(inputs.missing(both, None)) == ["stent CT", "MNI152 T1"]
    assert list(inputs.samples(both, None)) == []


def test_an_interpreter_that_is_not_there_is_a_reason(tmp_path):
    with pytest.raises(OSError, match="No such file"), giotto.giotto_peer(str(tmp_path / "python")):
        pass


def test_rounds_of_each_in_turn_until_the_budget_is_spent():
    order = []

    def timer(name, seconds):
        order.append(name)
        return seconds

    timers = {"a": lambda: timer("a", 1.0), "b": lambda: timer("b", 3.0)}
    seconds = measurements.timed_in_turn(timers, repeats=3, budget=2.5)
    assert seconds == {"a": [1.0] * 3, "b": [3.0]}
    assert "".join(order) == "abaa"


def test_bars_are_half_open():
    births, deaths = np.array([0.0, 1.0, 1.0]), np.array([np.inf, 2.0, 1.0])
    curve = bars.betti_curve(births, deaths, np.array([-1.0, 0.0, 1.0, 1.5, 2.0]))
    assert curve.tolist() == [0, 1, 2, 2, 1]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_thresholds_in_the_images_type_cut_the_same(rng, dtype):
    image = (100 * rng.random(500)).astype(dtype)
    thresholds = np.concatenate([image[:20].astype(float), 100 * rng.random(20)])
    for threshold in np.concatenate([thresholds, np.nextafter(thresholds, 0)]):
        np.testing.assert_array_equal(
            image <= peers.not_above(threshold, image.dtype), image.astype(float) <= threshold
        )


@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_ball_fills_its_fraction(fraction):
    assert inputs.ball((60, 60, 60), fraction).mean() == pytest.approx(fraction, rel=0.01)


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_nifti_is_read_in_the_order_of_its_axes(rng, tmp_path, slope):
    volume = rng.integers(0, 200, (3, 4, 5)).astype(np.uint8)
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *volume.shape, 1, 1, 1, 1)
    struct.pack_into("<h", header, 70, 2)
    struct.pack_into("<3f", header, 108, 352, slope, 1.0 if slope else 0.0)
    file = tmp_path / "volume.nii"
    file.write_bytes(bytes(header) + volume.tobytes(order="F"))
    read = inputs.read_nifti(file)
    np.testing.assert_array_equal(read, volume * slope + 1 if slope else volume)
    file.write_bytes(bytes(400))
    with pytest.raises(DataError, match="starts with 0; expected a little-endian NIfTI-1"):
        inputs.read_nifti(file)
