"""What the browser gets: integers that say exactly what the arrays say, and nothing beyond room."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from topojax.experiments.examples import own_region
from topojax.report.template import rendered
from topojax.report.viewer import Viewer, viewer_of
from topojax.report.viewer.payload import example_payload, roi_levels
from topojax.runs import Run, load_run


def _unpacked(text: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype).reshape(shape)


@pytest.fixture(params=["discs_run", "solids_run"])
def run(request: pytest.FixtureRequest) -> Run:
    return load_run(request.getfixturevalue(request.param))


def test_levels_and_ranks_are_exact(run: Run) -> None:
    topology, examples = run.arrays.topology, run.arrays.examples
    assert topology is not None
    for row in (0, len(examples.labels) - 1):
        sent = example_payload(examples, topology, run.arrays.bars, row)
        shape = examples.fused.shape[1:]
        assert sent["shape"][-len(shape) :] == list(shape)
        levels = _unpacked(sent["levels"], "u1", shape)
        ranks = _unpacked(sent["ranks"], f"<u{sent['bytes']}", shape)
        curves = _unpacked(sent["curves"], "<i4", topology.curves.shape[1:])
        np.testing.assert_array_equal(curves, topology.curves[row])
        assert sent["taus"][sent["own"]] == topology.own_tau[row]
        for k, tau in enumerate(sent["taus"]):
            roi = levels > k
            np.testing.assert_array_equal(roi, own_region(examples.fused[row], tau))
            assert roi.sum() == sent["voxels"][k]
            places = sent["places"][k if len(sent["places"]) > 1 else 0]
            for j in (0, len(places) // 2, len(places) - 1):
                threshold = sent["thresholds"][places[j]]
                assert threshold == topology.thresholds[row, k, j]
                np.testing.assert_array_equal(
                    ranks <= places[j], topology.values[row].astype(np.float64) <= threshold
                )


def test_voxels_that_never_enter_and_many_thresholds(run: Run) -> None:
    topology, examples = run.arrays.topology, run.arrays.examples
    assert topology is not None
    values = topology.values.copy()
    values[0].flat[3] = np.inf
    many = np.sort(np.random.default_rng(0).random((*topology.thresholds.shape[:2], 9)), axis=2)
    changed = replace(topology, values=values, thresholds=many)
    sent = example_payload(examples, changed, None, 0)
    assert (sent["bytes"], sent["bars"]) == (2, [])
    assert len(sent["thresholds"]) == 40 * 9
    ranks = _unpacked(sent["ranks"], "<u2", (-1,))
    assert ranks[3] == len(sent["thresholds"])
    assert ranks[3] not in ranks[4:]


def test_a_region_that_would_be_empty_is_the_maximum() -> None:
    fused = np.array([[0.2, 0.6], [0.6, 0.1]], np.float32)
    levels = roi_levels(fused, np.array([0.15, 0.5, 0.9, 1.0]))
    assert levels.tolist() == [[1, 4], [4, 0]]


def test_colours_stay(run: Run) -> None:
    topology, examples = run.arrays.topology, run.arrays.examples
    assert topology is not None
    assert example_payload(examples, topology, None, 0)["channels"] == 1
    coloured = replace(examples, images=np.repeat(examples.images[..., None], 3, axis=-1))
    sent = example_payload(coloured, topology, None, 0)
    assert sent["channels"] == 3
    assert _unpacked(sent["picture"], "u1", (-1, 3)).shape == (examples.fused[0].size, 3)


def test_examples_beyond_the_room_are_counted(run: Run) -> None:
    whole = viewer_of(run)
    assert whole is not None
    sizes = [len(json.dumps(one, separators=(",", ":"))) for one in json.loads(whole.payload)]
    assert len(sizes) == whole.n_examples == len(whole.titles)
    n_classes = len(run.class_names)
    per_class = whole.n_examples // n_classes
    # One of each class comes before the second of any.
    some = viewer_of(run, most_bytes=sum(sizes[::per_class]))
    assert some is not None
    assert some.titles == whole.titles[::per_class]
    none = viewer_of(run, most_bytes=min(sizes) - 1)
    assert none is not None
    assert (none.titles, none.payload) == ((), "[]")
    assert viewer_of(replace(run, arrays=replace(run.arrays, topology=None))) is None


def test_the_page_says_what_has_no_room(run: Run) -> None:
    whole = viewer_of(run)
    assert whole is not None
    notes = {"the arrays of one example would": 100, "can be moved": len(whole.payload) // 2}
    for said, most_bytes in notes.items():
        page = _rendered(viewer_of(run, most_bytes=most_bytes))
        assert [note for note in notes if note in page] == [said]
        assert ("<script" in page) == (said == "can be moved")
    assert not [note for note in notes if note in _rendered(whole)]


def test_names_and_means_are_said(run: Run) -> None:
    index = run.arrays.examples.index
    names = np.array([f"case <{i}>" for i in range(index.max() + 1)])
    viewer = viewer_of(replace(run, arrays=replace(run.arrays, names=names)))
    assert viewer is not None
    assert viewer.titles[0].startswith(f"test image {index[0]} (case <{index[0]}>): ")
    assert f"(case &lt;{index[0]}&gt;)" in _rendered(viewer)
    said = "The map is the mean over the networks"
    assert said not in _rendered(viewer)
    for unseen, is_mean in (("folds", True), ("one", False)):
        config = {**run.config, "cam": {**run.config["cam"], "folds": 3, "unseen": unseen}}
        assert (said in _rendered(viewer_of(replace(run, config=config)))) == is_mean


def test_thresholds_of_another_kind_are_said(run: Run) -> None:
    topology, notes = run.arrays.topology, ("even steps here", "thresholds t, 11 are here")
    assert topology is not None
    assert not any(note in _rendered(viewer_of(run)) for note in notes)
    fewer = replace(
        topology, thresholds=topology.thresholds[..., 1:], curves=topology.curves[..., 1:]
    )
    thinned = replace(run, arrays=replace(run.arrays, topology=fewer))
    assert "Of the run's 12 thresholds t, 11 are here" in _rendered(viewer_of(thinned))
    name, curves = next(iter(run.arrays.curves.items()))
    arrays = replace(run.arrays, curves={name: replace(curves, thresholds=None)})
    config = {**run.config, "topology": {**run.config["topology"], "grid": "giotto"}}
    assert "even steps here" in _rendered(viewer_of(replace(run, config=config, arrays=arrays)))


def _rendered(viewer: Viewer | None) -> str:
    return rendered("viewer/viewer.html.j2", {"viewer": viewer})
