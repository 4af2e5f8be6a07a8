"""The benchmark of the kernels: its inputs, its comparison with peers, and one tiny run."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from oracles.gudhi_bars import gudhi_betti_curves
from topojax.errors import BenchError, DataError
from topojax.experiments.bench.persistence import bars, inputs, measurements, peers, plans, running


@pytest.fixture
def tiny() -> plans.Plan:
    kinds = ("smooth", "noise", "quantised", "masked")
    return replace(
        plans.QUICK,
        volumes=tuple((name, 9) for name in kinds),
        images=(("noise", 12),),
        batches=((6, 3),),
        roi=9,
        memory=(("smooth", 9),),
        limits={},
    )


@pytest.mark.slow
def test_run_writes_record_table_and_figure(tiny, tmp_path):
    running.write(running.run(replace(tiny, repeats=1)), tmp_path, tiny.stem)
    record = json.loads((tmp_path / "persistence_quick.json").read_text(encoding="utf-8"))
    assert [row["size"] for row in record["rows"]] == ["9³"] * 4 + ["12²"]
    for row in record["rows"]:
        assert row["checked"] == [name for name in row["median"] if name != "topojax"]
        assert {"GUDHI", "cripser", "cripser restricted"} <= set(row["checked"])
        assert ("GUDHI 2-D" in row["checked"]) == (row["rank"] == 2)
        assert all(ns > 0 for ns in row["median"].values())
    assert {"python", "numpy", "numba", "gudhi", "cripser"} <= set(record["versions"])
    assert record["left_out"]["giotto-tda"] == "no --giotto-python given"
    assert record["left_out"]["hippocampus MRI"] == "no --data folder given"
    assert record["settings"]["repeats"] == 1
    table = (tmp_path / "persistence_quick.md").read_text(encoding="utf-8")
    assert "| masked 9³, float32 |" in table
    assert (tmp_path / "persistence_quick.png").read_bytes().startswith(b"\x89PNG")


def test_a_wrong_peer_stops_the_run_before_it_is_timed(tiny):
    calls = []

    def wrong(sample):
        calls.append(sample.size)
        curves = peers.ours(sample)[[0, 2]]
        curves[1, 7] += 1
        return curves

    peer = peers.Peer("wrong", peers.stopwatch(wrong), peers.NEEDED)
    with pytest.raises(BenchError, match=r"noise 9³: beta_2 at threshold .* is 1 by wrong, 0 by"):
        measurements.measure(inputs.synthetic("noise", (9, 9, 9)), [peer], tiny, 1e9)
    assert calls == ["8³", "9³"], "a first call, and the comparison"


@pytest.mark.parametrize("shape", [(12, 11), (7, 8, 6)])
@pytest.mark.parametrize("kind", ["smooth", "noise", "quantised"])
def test_every_peer_counts_as_the_oracle_does(kind, shape):
    sample = inputs.synthetic(kind, shape)
    want = gudhi_betti_curves(sample.image, sample.thresholds, sample.mask)
    assert (want > 0).sum() >= 20
    found, _ = peers.importable_peers()
    fitting = [peer for peer in (peers.TOPOJAX, *found) if len(shape) in peer.dimensions]
    assert {"topojax", "GUDHI", "cripser", "cripser restricted"} <= {p.name for p in fitting}
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


def test_an_interpreter_that_is_not_there_is_a_reason(tmp_path):
    with pytest.raises(OSError, match="No such file"), peers.giotto_peer(str(tmp_path / "python")):
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
