"""What a user may ask for, and what is refused by name before any work."""

from __future__ import annotations

import sys

import pytest

from topojax.errors import ConfigError
from topojax.executors import Spreading


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"workers": 2, "slurm": "gpu"}, "--workers=2 and --slurm=gpu; expected one"),
        ({"workers": 0}, "--workers=0; expected 1 or more"),
        ({"scheduler": "localhost"}, "--scheduler='localhost'; expected the address"),
        ({"slurm": ""}, "--slurm=''; expected --slurm PARTITION"),
        ({"slurm": "time=20"}, "--slurm='time=20'; expected"),
        ({"slurm": "gpu,20"}, "--slurm='gpu,20'; expected"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Spreading(**asked)


def test_options_of_sbatch_follow_the_partition() -> None:
    options = Spreading(slurm="gpu,time=20,gres=gpu:1").slurm_options()
    assert options == {"partition": "gpu", "time": "20", "gres": "gpu:1"}


@pytest.mark.parametrize(
    ("asked", "package", "extra"),
    [
        ({"scheduler": "tcp://10.0.0.1:8786"}, "distributed", "dask"),
        ({"slurm": "gpu"}, "submitit", "slurm"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, asked: dict, package: str, extra: str
) -> None:
    Spreading(**asked)
    monkeypatch.setitem(sys.modules, package, None)
    said = rf"needs the package {package}, .* pip install 'topojax\[{extra}\]'"
    with pytest.raises(ConfigError, match=said):
        Spreading(**asked)
    Spreading(workers=2)
