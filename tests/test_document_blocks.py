"""What documents show can be run: blocks of Python, lines of `topojax`, extras of pip."""

from __future__ import annotations

import ast
import copy
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jax
import numpy as np
import pytest

from topojax.cli import cli
from topojax.data import Dataset

ROOT = Path(__file__).parents[1]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (
        ROOT / "README.md",
        ROOT / ".github" / "CONTRIBUTING.md",
        ROOT / "benchmarks" / "README.md",
        ROOT / "benchmarks" / "RESULTS.md",
        ROOT / "notebooks" / "README.md",
        ROOT / "topojax" / "GUIDE.md",
        ROOT / "topojax" / "METHOD.md",
    )
}


NOTEBOOKS = {
    path.name: "\n".join(
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    )
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _commands(text: str) -> list[list[str]]:
    """Return the lines of `topojax` in a document's blocks, without what stands before them."""
    shell = "".join(_blocks(text, "sh")).replace("\\\n", " ")
    parts = [part for line in shell.splitlines() for part in line.split("#")[0].split("&&")]
    words = [shlex.split(part) for part in parts]
    return [line[1:] for line in words if line[:1] == ["topojax"]]


# The same block in two documents is run once.
PYTHON = {
    block: f"{name}: {block.strip().splitlines()[0]}"
    for name, text in reversed(DOCUMENTS.items())
    for block in _blocks(text, "python")
}
COMMANDS = {
    " ".join(line): line
    for text in (*DOCUMENTS.values(), *NOTEBOOKS.values())
    for line in _commands(text)
}


@pytest.fixture
def given(discs: Dataset, rng: np.random.Generator) -> dict[str, Any]:
    """Return what the blocks take for granted, small."""
    volumes = rng.integers(0, 9, (2, 6, 6, 6)).astype(np.float32)
    rois = rng.random(volumes.shape) < 0.8
    items = [{"image": rng.random((8, 8)), "label": ("well", "ill")[i % 2]} for i in range(20)]
    return {
        "items": items,
        "load_dataset": lambda name: items,
        "monai_items": [item | {"image": item["image"][np.newaxis]} for item in items],
        "X": discs.train.images,
        "y": discs.train.labels,
        "X_val": discs.val.images,
        "y_val": discs.val.labels,
        "X_test": discs.test.images,
        "volume": volumes[0],
        "roi": rois[0],
        "volumes": volumes,
        "rois": rois,
        "batch": volumes,
        "x": volumes[0],
        "mask": rois[0],
        "thresholds": np.arange(1.0, 8.0),
        "cams": rng.random((2, 3, 6, 6, 6)).astype(np.float32),
        "weights": rng.dirichlet(np.ones(3), 4),
        "taus": rng.random(4) * 0.8 + 0.1,
        "mine": lambda candidates, task: candidates.features[..., -1].mean(axis=1),
        "jax": jax,
        "np": np,
    }


@pytest.fixture
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what blocks register away from other tests."""
    from topojax.search.objectives.registry import _OBJECTIVES
    from topojax.topology.filtrations.registry import _KINDS

    monkeypatch.setattr("topojax.search.objectives.registry._OBJECTIVES", dict(_OBJECTIVES))
    # Unless the example in the registry's docstring has run before, under the same name.
    kinds = {name: kind for name, kind in _KINDS.items() if name != "power"}
    monkeypatch.setattr("topojax.topology.filtrations.registry._KINDS", kinds)


# Those of the example of `TopoCAM`, whose compiled programs the suite has by then.
BUDGET = {
    "backbone.epochs": 1,
    "backbone.batch_size": 16,
    "classifier.epochs": 20,
    "search.method": "uniform",
    "search.tau": 0.5,
    "topology.n_thresholds": 12,
}


class _SmallBudget(ast.NodeTransformer):
    """Gives every `TopoCAM(…)` the overrides `budget`: that of a preset is hundreds of epochs."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "TopoCAM":
            node.keywords.append(ast.keyword("overrides", ast.Name("budget", ast.Load())))
        return node


@pytest.mark.parametrize("block", PYTHON, ids=PYTHON.values())
@pytest.mark.usefixtures("own_registries")
def test_a_block_of_python_runs(
    block: str,
    given: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if "runs/adrenal" in block:
        (tmp_path / "runs").mkdir()
        (tmp_path / "runs" / "adrenal").symlink_to(request.getfixturevalue("discs_run"))
    if "big.npy" in block:
        np.save(tmp_path / "big.npy", given["volume"])
    monkeypatch.chdir(tmp_path)
    tree = ast.fix_missing_locations(_SmallBudget().visit(ast.parse(block)))
    exec(compile(tree, "block", "exec"), {**given, "budget": BUDGET})


def _parsed(words: list[str]) -> Iterator[tuple[click.Command, dict[str, Any]]]:
    """Parse a line as its commands would, down to the last, without a look at the files named."""
    group, parent = cli, click.Context(cli, info_name="topojax")
    while True:
        options, rest, _ = group.make_parser(parent).parse_args(list(words))
        yield group, options
        if not isinstance(group, click.Group):
            if rest:
                raise click.UsageError(f"got unexpected extra arguments {rest}")
            return
        _, command, words = group.resolve_command(parent, rest)
        if command is None:
            raise click.UsageError(f"no command {rest}")
        group, parent = command, click.Context(command, parent=parent, info_name=rest[0])


def _check(words: list[str]) -> None:
    """Refuse what a command would: unknown options, missing arguments, values of another type."""
    for command, options in _parsed(words):
        context = click.Context(command)
        for parameter in map(copy.copy, command.params):
            parameter.callback = None
            if isinstance(parameter.type, click.Path | click.File):
                parameter.type = click.STRING
            value, _ = parameter.consume_value(context, options)
            parameter.process_value(context, value)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_line_of_topojax_is_one_that_its_command_takes(line: str) -> None:
    _check(COMMANDS[line])


@pytest.mark.parametrize(
    "line",
    ["fit", "fitt x.npz", "fit x.npz --sise 64", "fit x.npz --size big", "predict a b c"],
)
def test_other_lines_are_not_taken(line: str) -> None:
    with pytest.raises(click.UsageError):
        _check(line.split())


def test_the_documents_show_something() -> None:
    assert len(PYTHON) >= 5
    shown = {line.split()[0] for line in COMMANDS}
    assert shown >= {
        "demo",
        "fit",
        "evaluate",
        "predict",
        "explain",
        "features",
        "bench",
        "weights",
    }


def test_extras_that_documents_install_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = re.findall(r"pip install (?:-e )?'\.\[([\w,]+)\]'", "".join(DOCUMENTS.values()))
    named = {extra for extras in asked for extra in extras.split(",")}
    assert len(named) >= 5
    assert named <= set(project["optional-dependencies"])
