"""Software: versions, device, and the preset that the configuration started from."""

from __future__ import annotations

from topojax.config import Config
from topojax.report.writing.sentence import Sentence, listed
from topojax.runs import Run

_CITED = {
    "numpy": "harris2020",
    "numba": "lam2015",
    "jax": "bradbury2018",
    "flax": "heek2020",
    "optax": "babuschkin2020",
    "evosax": "lange2022",
    "scikit-learn": "pedregosa2011",
}

_PRESETS = {
    "sound": "“sound”, which is topojax's own",
    "paper": "“paper”, which follows the paper's text",
    "official": "“official”, which follows the authors' public script, its defects included",
}


def software_sentences(run: Run, config: Config) -> list[Sentence]:
    """Return the sentences of the software."""
    environment = run.environment
    return [
        Sentence(
            f"The method is TopoCAM as topojax {environment.topojax} computes it, its "
            f"configuration from the preset {_PRESETS[config.preset]}",
            ("nuwagira_topocam", "topojax"),
        ),
        versions_sentence(run),
        Sentence(f"It ran on {environment.devices} ({environment.platform})"),
    ]


def versions_sentence(run: Run) -> Sentence:
    """Return the packages with their versions."""
    packages = run.environment.packages
    names = listed([f"{name} {version}" for name, version in packages.items()])
    cites = tuple(_CITED[name] for name in packages if name in _CITED)
    return Sentence(f"It used Python {run.environment.python}, {names}", cites)
