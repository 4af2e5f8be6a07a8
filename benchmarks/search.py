"""How many candidates a second does the search evaluate, beside the paper's loop?

The same candidates (fusion weights and thresholds) of the same images, maps, folds and classifier
budget, by `topojax.search.RoiObjective`, the whole population at once, and by
`searches/paper_loop.py`, one candidate after the other on GUDHI and scikit-learn. Descriptors are
compared before anything is timed, the orders of candidates after it. Maps come of a network that is
not trained: they cost the same. Both sides use the processors as they do by default.

    python benchmarks/search.py [--data FILE.npz] [--size N] [--images N] [--loops K]
        [--filtrations NAME,NAME...] [--thresholds N] [--repeats R] [--name NAME] [--output DIR]

`--images` bounds the images, `--loops` the candidates that the loop is timed on. `--loops 0` times
the search alone, for images that the loop would take hours for, and for a bank of filtrations,
which the loop does not know. Writes `search_NAME.json` and `.md`.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from betti.records import write_record
from searches.paper_loop import PaperLoop
from topojax.cam import compute_cams
from topojax.config import CamConfig, Config, make_config
from topojax.data import Dataset, fewer_training_images, read_medmnist, synthetic_dataset
from topojax.kernels import region_sizes
from topojax.models import create_model
from topojax.pipeline import plan_fit
from topojax.pipeline.plan import population_size
from topojax.search import (
    LabelledMaps,
    RoiObjective,
    SearchData,
    decode_rules,
    n_genes,
    stratified_folds,
)
from topojax.topology import FilteredImages, describe_candidates, learn_filtered_images
from topojax.training import Normalisation

RESULTS = Path(__file__).parent / "results"
SEED = 0
# Enough for every thread to have several; of hundreds of images a few per cent.
_TIMED_IMAGES = 32


def make_task(options: argparse.Namespace) -> tuple[Dataset, Config, SearchData]:
    """Return images, a settled configuration, and what the search sees."""
    if options.data is None:
        n = options.images or 96
        data = synthetic_dataset("shapes", seed=SEED, n_train=n, n_val=6, n_test=6)
    else:
        data = read_medmnist(options.data, size=options.size)
        n = options.images or len(data.train.labels)
        data = fewer_training_images(data, n, np.random.default_rng(SEED))
    asked = make_config(
        overrides={
            "topology.filtrations": options.filtrations,
            "topology.n_thresholds": options.thresholds,
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


def paper_loop(train: LabelledMaps, config: Config) -> PaperLoop:
    """Return the loop on the same images, maps, folds and classifiers."""
    search = config.search
    return PaperLoop(
        train.images.values["intensity"],
        train.maps.astype(np.float32) / np.float32(255),
        train.labels,
        stratified_folds(train.labels, search.folds, SEED),
        train.images.grids["intensity"],
        search.classifier_epochs,
        search.classifier_batch_size,
        search.classifier_learning_rate,
        config.classifier.hidden,
    )


def require_equal_descriptors(
    loop: PaperLoop, train: LabelledMaps, config: Config, genes: np.ndarray
) -> None:
    """Compare φ of one candidate on both sides.

    Raises:
        SystemExit: they differ.
    """
    weights, taus = decode_rules(genes[:1], train.maps.shape[1], config.search)
    some = slice(0, min(24, len(train.labels)))
    grid = train.images.grids["intensity"]
    ours, _ = describe_candidates(
        loop.images[some], train.maps[some], weights, taus, grid, config.topology
    )
    one = PaperLoop(
        loop.images[some],
        loop.maps[some],
        loop.labels[some],
        (),
        grid,
        loop.epochs,
        loop.batch_size,
        loop.learning_rate,
        loop.hidden,
    )
    theirs = one.descriptors(weights[0], float(taus[0])).astype(np.float32)
    if not np.allclose(ours.matrix()[0], theirs, rtol=1e-6, atol=0):
        raise SystemExit("descriptors differ; not timed")


def timed(step: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Return the seconds of one call, and what it returned."""
    start = time.perf_counter()
    result = step()
    return time.perf_counter() - start, result


def region_seconds(maps: np.ndarray, weights: np.ndarray, taus: np.ndarray) -> float:
    """Return what the regions of all candidates take by themselves.

    One pass makes an image's regions and their topology: the regions of some images alone are
    timed, and scaled to all.
    """
    some = maps[:: -(-len(maps) // _TIMED_IMAGES)]
    region_sizes(some[:1], weights, taus)  # compiles
    seconds, _ = timed(lambda: region_sizes(some, weights, taus)[0])
    return seconds * len(maps) / len(some)


def parted(seconds: dict[str, float], regions: float) -> dict[str, float]:
    """Return the seconds of a generation with those of the regions taken out of the topology's."""
    mask = min(regions, seconds["topology"])
    rest = seconds["topology"] - mask
    return {"mask": mask, "topology": rest, "classifiers": seconds["classifiers"]}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Compare, time and return the record."""
    data, config, seen = make_task(options)
    train, n_layers = seen.train, seen.n_layers
    size = population_size(config)
    rng = np.random.default_rng(SEED)
    genes = rng.random((size, n_genes(n_layers, config.search))).astype(np.float32)
    objective = RoiObjective(seen, config, SEED)
    objective(genes)  # compiles
    search = config.search
    ours: list[float] = []
    theirs: list[float] = []
    stages: list[dict[str, float]] = []
    fitness, by_loop = np.zeros(size), []
    if options.loops:
        loop = paper_loop(train, config)
        require_equal_descriptors(loop, train, config, genes)
    weights, taus = decode_rules(genes, n_layers, search)
    for number in range(max(options.loops, options.repeats)):
        if number < options.repeats:
            seconds, fitness = timed(lambda: objective(genes))
            ours.append(seconds / size)
            stages.append(parted(objective.seconds(), region_seconds(train.maps, weights, taus)))
        if number < options.loops:
            seconds, value = timed(
                lambda i=number: np.array(loop.fitness(weights[i], float(taus[i])))
            )
            theirs.append(seconds)
            by_loop.append(float(value))
    a_candidate = statistics.median(ours)
    generations = 1 + search.generations
    return {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "device": platform.processor() or platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("topojax", "jax", "numba", "gudhi", "scikit-learn")},
        "data": data.name,
        "shape": [len(train.labels), *train.images.spatial_shape],
        "population": size,
        "settings": {"search": search.model_dump(), "topology": config.topology.model_dump()},
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "seconds_a_candidate": {"topojax": ours, "loop": theirs},
        "median": {"topojax": a_candidate, "loop": statistics.median(theirs) if theirs else None},
        "ratio": statistics.median(theirs) / a_candidate if theirs else None,
        "stages": {name: statistics.median(one[name] for one in stages) for name in stages[0]},
        "whole_search_minutes": a_candidate * size * generations / 60,
        "fitness": {"topojax": fitness[: len(by_loop)].tolist(), "loop": by_loop},
    }


def markdown(record: dict[str, Any]) -> str:
    """Return the record in words."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    stages = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in record["stages"].items())
    median = record["median"]
    shape = " x ".join(map(str, record["shape"]))
    topology = record["settings"]["topology"]
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {record['processors']} processors; {versions}.",
        "",
        f"{record['data']}, {shape}; generations of {record['population']} candidates; "
        f"{', '.join(topology['filtrations'])}, {topology['n_thresholds']} thresholds; at most "
        f"{record['peak_gb']:.1f} GB of memory.",
        "",
        f"- topojax: {1 / median['topojax']:.3g} candidates a second ({stages} a generation); "
        f"a search of {record['population']} x {1 + record['settings']['search']['generations']} "
        f"takes {record['whole_search_minutes']:.1f} minutes.",
    ]
    if median["loop"] is not None:
        lines.append(
            f"- the paper's loop: {1 / median['loop']:.3g} candidates a second "
            f"({len(record['seconds_a_candidate']['loop'])} timed): topojax evaluates "
            f"{record['ratio']:.0f} times as many."
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="MedMNIST npz file; synthetic volumes if not given")
    parser.add_argument("--size", type=int, help="pixels along every axis")
    parser.add_argument("--images", type=int, help="at most so many training images")
    parser.add_argument("--loops", type=int, default=3)
    parser.add_argument(
        "--filtrations",
        type=lambda names: names.split(","),
        default=["intensity"],
        help="by commas",
    )
    parser.add_argument("--thresholds", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--name", default="synthetic")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    if options.repeats < 1 or options.loops < 0:
        parser.error("--repeats must be at least 1, --loops at least 0")
    if options.loops and options.filtrations != ["intensity"]:
        parser.error("the loop knows intensity alone; give --loops 0 with --filtrations")
    record = measure(options)
    write_record(options.output, f"search_{options.name}", record, markdown(record))


if __name__ == "__main__":
    main()
