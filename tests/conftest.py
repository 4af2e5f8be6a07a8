"""Fixtures that several test folders share."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import settings

from topojax import TopoCAM
from topojax.cli import main
from topojax.config import make_config
from topojax.data import SPLITS, Dataset, synthetic_dataset
from topojax.experiments import fit_run
from topojax.kernels.compiling.keeping import code_folder
from topojax.models import Backbone, abstract_model
from topojax.pipeline import Grounds
from topojax.weights import load_torchvision, torch_name

_SHARED = Path(__file__).resolve().parents[1].parent / "shared"

# Code for fused operations is the longest part of a compilation: made the former way and in one
# piece, it takes a half to a fifth of the time, and runs as fast.
_QUICKLY_COMPILED = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"


# Generated inputs are the same in every run; how many of a kind there are can be asserted.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Let the workers and the processes that tests start compile each function once for all."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="topojax-tests-")
        config.add_cleanup(folder.cleanup)
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder.name
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"
    # Most programs run once, for milliseconds: optimising them takes longer than they do.
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    # XLA ends a process whose flags it does not know; these are known to be those of jax 0.10.
    if jax.__version_info__[:2] == (0, 10):
        os.environ.setdefault("XLA_FLAGS", _QUICKLY_COMPILED)
    # Tests that move the user's cache find compiled kernels where the others have them.
    kernels = code_folder()
    if kernels is not None:
        os.environ.setdefault("NUMBA_CACHE_DIR", str(kernels.parent))
    # jax is imported by now, and has read its environment.
    jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    plain = os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"].lower() not in ("", "0", "false", "no")
    jax.config.update("jax_disable_most_optimizations", plain)


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator of a fixed seed."""
    return np.random.default_rng(20240229)


@pytest.fixture(scope="session")
def shared_or_none() -> Path | None:
    """Return the folder of golden files and real data, or None where it is absent."""
    return _SHARED if _SHARED.is_dir() else None


@pytest.fixture(scope="session")
def shared(shared_or_none: Path | None) -> Path:
    """Return the folder of golden files and real data, or skip where it is absent."""
    if shared_or_none is None:
        pytest.skip("the folder of golden files and real data (../shared) is absent")
    return shared_or_none


@pytest.fixture(scope="session")
def discs() -> Dataset:
    """Return discs and rings of 28^2 pixels, two classes."""
    return synthetic_dataset(
        "shapes", seed=7, n_train=32, n_val=16, n_test=20, size=28, spatial_dims=2
    )


@pytest.fixture(scope="session")
def tiny() -> dict[str, Any]:
    """Return overrides that make every stage as short as it can be."""
    return {
        "backbone.epochs": 2,
        "backbone.batch_size": 16,
        "search.population_per_gene": 2,
        "search.generations": 1,
        "search.folds": 2,
        "search.classifier_epochs": 3,
        "classifier.epochs": 20,
        "topology.n_thresholds": 12,
        "evaluation.n_bootstrap": 100,
    }


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder `name` of the session; the first worker that asks makes it.

    On Windows, which has no `fcntl`, every worker makes its own.
    """
    base = factory.getbasetemp()
    if os.name != "posix" or "PYTEST_XDIST_WORKER" not in os.environ:
        path = factory.mktemp("once") / name
        make(path)
        return path
    import fcntl

    path, done = base.parent / name, base.parent / f"{name}.done"
    with (base.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(path, ignore_errors=True)
            make(path)
            done.touch()
    return path


@pytest.fixture(scope="session")
def fitted(discs: Dataset, tiny: dict[str, Any]) -> TopoCAM:
    """Return the estimator fitted on discs and rings, as short as it can be."""
    return TopoCAM(overrides=tiny).fit(
        discs.train.images, discs.train.labels, X_val=discs.val.images, y_val=discs.val.labels
    )


@pytest.fixture(scope="session")
def grounds(fitted: TopoCAM, discs: Dataset) -> Grounds:
    """Return the network of the fitted estimator with its maps."""
    method = fitted.fitted_
    (train_cams,) = method.cams(discs.train.images)
    return Grounds(
        method.networks, discs.train, discs.val, train_cams, method.cams(discs.val.images)
    )


@pytest.fixture(scope="session")
def discs_file(discs: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the discs as a file in MedMNIST's form; a blank is in its name."""

    def make(folder: Path) -> None:
        arrays = {}
        for name in SPLITS:
            arrays[f"{name}_images"] = np.round(discs.split(name).images * 255).astype(np.uint8)
            arrays[f"{name}_labels"] = discs.split(name).labels[:, None]
        folder.mkdir()
        np.savez(folder / "my discs.npz", **arrays)

    return _made_once(tmp_path_factory, "data", make) / "my discs.npz"


@pytest.fixture(autouse=True)
def _no_log_on_a_closed_stream() -> Iterator[None]:
    """Take what the command line logs to back: pytest closes a test's standard error behind it."""
    yield
    logging.getLogger("topojax").handlers.clear()


@pytest.fixture(scope="session")
def discs_run(
    discs_file: Path, tiny: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of a run on that file by the command line, not to be changed."""
    settings = [part for key, value in tiny.items() for part in ("--set", f"{key}={value}")]

    def make(folder: Path) -> None:
        command = ["topojax", "fit", str(discs_file), "-o", str(folder), *settings]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", command)
            main()
        # It writes to the standard error of this moment, which pytest closes.
        logging.getLogger("topojax").handlers.clear()

    return _made_once(tmp_path_factory, "discs", make)


@pytest.fixture(scope="session")
def solids_run(tiny: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run on volumes of three classes, preset `paper`, not to be changed."""
    small = {"backbone.epochs": 1, "backbone.batch_size": 6, "cam.batch_size": 6}

    def make(folder: Path) -> None:
        solids = synthetic_dataset("shapes", seed=7, n_train=18, n_val=12, n_test=18, size=24)
        # Every other plane and row: no smaller shapes are made, and r3d_18 takes a minute here.
        thinned = {name: solids.split(name) for name in SPLITS}
        for name, split in thinned.items():
            thinned[name] = replace(split, images=split.images[:, ::2, ::2])
        fit_run(replace(solids, **thinned), make_config("paper", overrides=tiny | small), folder)

    return _made_once(tmp_path_factory, "solids", make)


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Return a function that copies a run folder, all but its checkpoint, to be changed."""

    def copy(run: Path) -> Path:
        return shutil.copytree(run, tmp_path / "copy", ignore=shutil.ignore_patterns("checkpoint"))

    return copy


def _rule_made(key: str, shape: tuple[int, ...], salt: str) -> np.ndarray:
    """Weights by the rule of the golden files (their README): seeded by each entry's name."""
    draws = np.random.default_rng(zlib.crc32((salt + key).encode())).standard_normal(shape)
    if key.endswith("running_var"):
        return np.exp(0.1 * draws).astype(np.float32)
    if key.endswith(("running_mean", "bias")):
        return (0.1 * draws).astype(np.float32)
    if len(shape) == 1:
        return (1 + 0.1 * draws).astype(np.float32)
    return (draws * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)


def _rule_made_weights(model: Backbone, salt: str) -> dict[str, np.ndarray]:
    flat = nnx.to_flat_state(nnx.state(model))
    weights = {}
    for path, leaf in zip(flat.paths, flat.leaves, strict=True):
        key = torch_name(path, leaf)
        if key is not None:
            kernel = path[-1] == "kernel"
            shape = (*leaf.shape[:-3:-1], *leaf.shape[:-2]) if kernel else leaf.shape
            weights[key] = _rule_made(key, shape, salt)
    return weights


def _filled(model: Backbone, weights: dict[str, np.ndarray]) -> Backbone:
    loaded = load_torchvision(model, weights)
    loaded.eval()
    graph, state = nnx.split(loaded)
    # The keys of dropout, which no state dict holds, are shapes alone so far.
    return nnx.merge(graph, jax.tree.map(_array, state))


def _array(leaf: jax.Array | jax.ShapeDtypeStruct) -> jax.Array:
    return jnp.zeros(leaf.shape, leaf.dtype) if isinstance(leaf, jax.ShapeDtypeStruct) else leaf


@pytest.fixture(scope="session")
def rule_made_weights() -> Callable[..., dict[str, np.ndarray]]:
    """Return a function from a network, by name, to a state dict in torch's names and layouts."""

    def make(
        name: str, num_classes: int, in_channels: int = 3, salt: str = ""
    ) -> dict[str, np.ndarray]:
        return _rule_made_weights(abstract_model(name, num_classes, in_channels), salt)

    return make


@pytest.fixture(scope="session")
def rule_made_network() -> Callable[..., Backbone]:
    """Return a function from a network, by name, to it with those weights, to be evaluated."""

    def make(name: str, num_classes: int, in_channels: int = 3, salt: str = "") -> Backbone:
        model = abstract_model(name, num_classes, in_channels)
        return _filled(model, _rule_made_weights(model, salt))

    return make


@pytest.fixture(scope="session")
def with_rule_made_weights() -> Callable[[Backbone], tuple[Backbone, dict[str, np.ndarray]]]:
    """Return a function from an abstract network to it with such weights, and their state dict."""

    def make(model: Backbone) -> tuple[Backbone, dict[str, np.ndarray]]:
        weights = _rule_made_weights(model, "")
        return _filled(model, weights), weights

    return make


@pytest.fixture(scope="session")
def golden_network(
    shared: Path, rule_made_network: Callable[..., Backbone]
) -> Callable[..., tuple[Backbone, np.ndarray, Any]]:
    """Return, by name, (network in evaluation mode, input channels-last, the reference's numbers).

    `file` names the golden file where it is not the network's name.
    """

    def load(name: str, num_classes: int, file: str | None = None) -> tuple:
        numbers = np.load(shared / "golden" / "torchvision" / f"{file or name}.npz")
        model = rule_made_network(name, num_classes, salt=str(numbers["salt"]))
        draws = np.random.default_rng(int(numbers["input_seed"]))
        x = draws.standard_normal(numbers["input_shape"]).astype(np.float32)
        return model, np.moveaxis(x, 1, -1), numbers

    return load
