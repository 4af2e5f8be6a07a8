"""Help is light: nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

HEAVY = ("jax", "flax", "numba", "matplotlib", "sklearn", "orbax")


@pytest.mark.parametrize(
    "code",
    [
        "import topojax; topojax.__version__",
        "import topojax.cli, sys; sys.argv = ['topojax', '--help']; topojax.cli.main()",
        "import topojax.cli, sys; sys.argv = ['topojax', 'fit', '--help']; topojax.cli.main()",
        "import topojax.cli; topojax.cli.main(['bench', '--help'])",
        *(
            f"import topojax.cli; topojax.cli.main(['bench', {name!r}, '--help'])"
            for name in ("persistence", "backbones", "cam", "search", "device")
        ),
        "import topojax.config; topojax.config.make_config('paper')",
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    check = f"import sys; print('heavy:', [m for m in {HEAVY!r} if m in sys.modules])"
    script = f"try:\n    exec({code!r})\nfinally:\n    {check}"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "fit",
        "evaluate",
        "predict",
        "explain",
        "features",
        "compare",
        "leaktest",
        "learning-curve",
        "synthetic",
    ],
)
def test_every_command_shows_examples(topojax: Callable, command: str) -> None:
    outcome = topojax(command, "--help")
    assert outcome.code == 0
    assert "Examples:" in outcome.out
    assert f"topojax {command}" in outcome.out


def test_help_lists_the_commands_and_version_is_ours(topojax: Callable) -> None:
    outcome = topojax("--help")
    assert outcome.code == 0
    for command in ("demo", "fit", "evaluate", "predict", "explain", "features"):
        assert command in outcome.out
    assert "0.1.0" in topojax("--version").out


def test_unknown_commands_and_options_are_usage_errors(topojax: Callable) -> None:
    assert topojax("fti").code == 2
    assert topojax("fit", "x.npz", "--epoch-count", 3).code == 2
    assert topojax("fit").code == 2
