"""Images, maps and a settled configuration: what a search sees."""

from __future__ import annotations

import numpy as np
from flax import nnx

from topojax.cam import compute_cams
from topojax.config import CamConfig, Config, make_config
from topojax.data import Dataset, fewer_training_images, read_medmnist, synthetic_dataset
from topojax.experiments.bench.search.plan import Plan
from topojax.models import create_model
from topojax.pipeline import plan_fit
from topojax.search import LabelledMaps, SearchData
from topojax.topology import FilteredImages, learn_filtered_images
from topojax.training import Normalisation

SEED = 0


def make_task(plan: Plan) -> tuple[Dataset, Config, SearchData]:
    """Return images, a settled configuration, and what the search sees.

    Raises:
        DataError: the file cannot be read.
        ConfigError: filtrations or thresholds that there are not.
    """
    if plan.data is None:
        n = plan.images or 96
        data = synthetic_dataset("shapes", seed=SEED, n_train=n, n_val=6, n_test=6)
    else:
        data = read_medmnist(plan.data, size=plan.size)
        n = plan.images or len(data.train.labels)
        data = fewer_training_images(data, n, np.random.default_rng(SEED))
    asked = make_config(
        overrides={
            "topology.filtrations": list(plan.filtrations),
            "topology.n_thresholds": plan.thresholds,
        }
    )
    config = plan_fit(asked, data.train, data.class_names, data.spatial_dims).config
    train = data.train
    normalise = Normalisation.fit(train.images, data.spatial_dims)
    model = create_model(config.backbone.name, data.n_classes, 1, rngs=nnx.Rngs(SEED))
    inputs = normalise(train.images, data.spatial_dims)
    maps = compute_cams(model, inputs, CamConfig(batch_size=8), progress=True).maps
    images = learn_filtered_images(train.images, config.topology)
    seen = SearchData(LabelledMaps(images, maps, train.labels), _validation(data, images, maps))
    return data, config, seen


def _validation(data: Dataset, images: FilteredImages, maps: np.ndarray) -> LabelledMaps:
    # Cross-validation looks at nothing of it but how many classes there are.
    n = len(data.val.labels)
    empty = np.zeros((n, *maps.shape[1:]), maps.dtype)
    return LabelledMaps(images.rows(np.arange(n) % len(images)), empty, data.val.labels)
