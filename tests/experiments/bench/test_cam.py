"""The benchmark of the maps' storage: what it compares, and the page that it writes."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from topojax.cam import scale_maps, upsample_maps
from topojax.experiments.bench.cam import comparison, reading, record, storages


@pytest.fixture
def maps() -> np.ndarray:
    coarse = jax.random.uniform(jax.random.key(0), (90, 4, 4))
    fine = scale_maps(upsample_maps(coarse, (20, 20)))
    return np.asarray(fine).reshape(30, 3, 20, 20)


def test_regions_are_those_of_the_definition(maps):
    rule = storages.Rule((0.2, 0.5, 0.3), 0.6)
    fused = scale_maps(jnp.einsum("nlhw,l->nhw", maps, np.array(rule.weights, np.float32)))
    masks = reading.regions(maps, rule)
    unsure = np.abs(fused - rule.tau) < 1e-5
    np.testing.assert_array_equal(masks[~unsure], (fused >= rule.tau)[~unsure])
    assert reading.regions(np.zeros_like(maps), rule).all()


def test_finer_storage_is_nearer_and_the_record_is_written(maps, rng, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "RULES", storages.RULES[:2])
    monkeypatch.setattr(reading, "FOLD_SEEDS", (0,))
    labels = np.arange(30) % 2
    grey = rng.random((30, 20, 20), np.float32)
    compared = comparison.compare(maps, grey, labels)
    mean = {
        name: np.mean([one["jaccard"]["mean"] for one in by_rule])
        for name, by_rule in compared["differences"].items()
    }
    assert 1 >= mean["float16"] > mean["uint8"] > mean["4 bits"] > 0.8
    same = reading.read(maps, storages.RULES[0], grey, labels)
    assert comparison.difference(same, same) == {
        "jaccard": {"mean": 1.0, "worst": 1.0},
        "same": 1.0,
        "size": {"mean": 0.0, "worst": 0.0},
        "betti": {"mean": 0.0, "worst": 0.0},
        "auc": [0.0],
    }
    case = {
        "network": "resnet18",
        "data": "made",
        "shape": [20, 20],
        "n": 30,
        "epochs": 1,
        "bytes": {"float16": 2400, "uint8": 1200, "4 bits": 600},
        **compared,
    }
    record.write([case], tmp_path)
    written = json.loads((tmp_path / "cam_storage.json").read_text(encoding="utf-8"))
    assert {"python", "jax", "topojax"} <= set(written["versions"])
    page = (tmp_path / "cam_storage.md").read_text(encoding="utf-8")
    assert "| resnet18 | 30 made, 20×20 | uint8 | 1200 |" in page
