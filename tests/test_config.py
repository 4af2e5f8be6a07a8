"""The configuration: presets, overrides, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from topojax.config import (
    PRESETS,
    Config,
    SegmentationConfig,
    make_config,
    make_segmentation_config,
    parse_config,
    parse_overrides,
)
from topojax.errors import ConfigError


def test_sound_is_the_default() -> None:
    assert make_config() == make_config("sound") == Config()
    assert Config().topology.background == "exclude"
    assert Config().search.tau is None


def test_paper_follows_the_papers_text() -> None:
    paper = make_config("paper")
    assert (paper.search.objective, paper.search.tau) == ("val-auc", 0.6)
    assert (paper.topology.background, paper.topology.grid) == ("zero", "sample")
    assert paper.topology.n_thresholds == 50
    assert not paper.classifier.standardise
    assert paper.classifier.hidden == (128, 64)
    assert paper.classifier.model == "mlp"


@pytest.mark.parametrize("preset", PRESETS)
def test_survives_a_round_trip_through_json(preset: str) -> None:
    config = make_config(preset, overrides={"seed": 3, "backbone.epochs": 7})
    assert parse_config(config.model_dump(mode="json")) == config


def test_overrides_come_after_the_file_and_the_file_after_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('preset = "paper"\n[search]\ngenerations = 7\nfolds = 4\n')
    config = make_config(file=file, overrides=parse_overrides(["search.folds=5"]))
    assert (config.preset, config.search.generations, config.search.folds) == ("paper", 7, 5)
    assert config.search.tau == 0.6


def test_a_preset_named_in_an_override_brings_its_values() -> None:
    assert make_config(overrides={"preset": "paper"}) == make_config("paper")


def test_values_are_read_as_json_or_text() -> None:
    pairs = ["a=1", "b=[1, 2]", "c=null", "d=text", "e=x=y"]
    assert parse_overrides(pairs) == {"a": 1, "b": [1, 2], "c": None, "d": "text", "e": "x=y"}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("backbone.epoch", 3, "did you mean backbone.epochs"),
        ("nonsense", 3, "unknown"),
        ("backbone.epochs", 0, "backbone.epochs"),
        ("topology.n_thresholds", 1, "topology.n_thresholds"),
        ("cam.layers", "layer9", "layer9"),
        ("cam.layers", ["layer2", "layer2"], "twice"),
        ("search.tau", float("nan"), "search.tau"),
        ("search.tau_min", 0.95, "below tau_max"),
        ("search.folds", 1, "search.folds"),
        ("seed", -1, "seed"),
        ("classifier.hidden", [0], "classifier.hidden"),
        ("backbone", 3, "backbone"),
        ("size", 10_000_000, "size"),
        ("backbone.epochs", 10**9, "backbone.epochs"),
        ("backbone.batch_size", 2**31, "backbone.batch_size"),
        ("search.population_per_gene", 10**9, "search.population_per_gene"),
        ("search.generations", 10**9, "search.generations"),
        ("search.weights", [1.0] * 5000, "search.weights"),
        ("topology.n_thresholds", 10**9, "topology.n_thresholds"),
        ("classifier.hidden", [10**9], "classifier.hidden"),
        ("classifier.hidden", [8] * 5000, "classifier.hidden"),
        ("classifier.model", "forest", "classifier.model"),
        ("classifier.logistic_c", 0, "classifier.logistic_c"),
        ("classifier.n_trees", 10**9, "classifier.n_trees"),
        ("classifier.boosting_rounds", 0, "classifier.boosting_rounds"),
        ("classifier.selection_folds", 1, "classifier.selection_folds"),
        ("classifier.temperature_bounds", [1e-320, 20], "classifier.temperature_bounds"),
        ("evaluation.n_bootstrap", 10**9, "evaluation.n_bootstrap"),
        pytest.param("seed", 10**5000, "seed.*bits", id="a seed of 5000 digits"),
        ("topology.filtrations", [], "topology.filtrations"),
        ("topology.filtrations", ["x" * 1000], "topology.filtrations"),
        ("topology.filtrations", ["log:1"] * 5000, "topology.filtrations"),
        ("topology.filtration", "sidelevel", r"topology.filtrations, a list.*'-intensity'"),
        ("preset", ["sound"], "unknown"),
        ("a.b.c", 3, "'a.b.c' is unknown"),
        pytest.param(".".join("a" * 5000), 3, "unknown", id="a key of 5000 parts"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(key: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        make_config(overrides={key: value})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 2500


@pytest.mark.parametrize(
    "text",
    ["1" * 5000, "[" * 5000, "[" * 5000 + "]" * 5000, '{"a":' * 5000],
    ids=["digits", "open", "closed", "objects"],
)
def test_numbers_and_brackets_without_end_are_refused_in_a_short_line(text: str) -> None:
    for pair in (f"seed={text}", f"backbone={text}", f"backbone.flip_axes={text}"):
        with pytest.raises(ConfigError) as caught:
            make_config(overrides=parse_overrides([pair]))
        assert len(str(caught.value)) < 500


def test_unknown_preset_lists_the_known() -> None:
    with pytest.raises(ConfigError, match=r"'fast' is unknown.*sound, paper"):
        make_config("fast")


def test_pairs_without_a_value_are_refused() -> None:
    with pytest.raises(ConfigError, match="not key=value"):
        parse_overrides(["backbone.epochs"])


@pytest.mark.parametrize("content", ["{", "[1, 2]", "\xff"])
def test_broken_files_are_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"config\.json"):
        make_config(file=file)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.json", '{"a": ' + "[" * 5000 + "]" * 5000 + "}"),
        ("deep.json", '{"backbone": ' + '{"a": ' * 300 + "1" + "}" * 301),
        ("deep.toml", "a = " + "[" * 5000 + "]" * 5000),
        ("keys.toml", ".".join("a" * 5000) + " = 1"),
        ("long.json", '{"seed": ' + "1" * 5000 + "}"),
        ("long.toml", "seed = " + "1" * 5000),
    ],
    ids=["lists", "objects", "toml", "keys", "digits", "toml-digits"],
)
def test_files_without_end_are_refused_in_a_line(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError) as caught:
        make_config(file=tmp_path / name)
    assert len(str(caught.value)) < 2500


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent"):
        make_config(file=tmp_path / "absent.json")


def test_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Config().seed = 3


def test_settings_of_a_unet_are_read_and_refused_as_others_are() -> None:
    assert make_segmentation_config() == SegmentationConfig()
    changed = make_segmentation_config({"widths": [4, 8], "epochs": 3})
    assert (changed.widths, changed.epochs, changed.batch_size) == ((4, 8), 3, 8)
    for values, message in (
        ({"epoch": 3}, "'epoch' is unknown; did you mean epochs"),
        ({"widths": [4]}, "'widths'"),
        ({"folds": 0}, "'folds' is 0"),
        ({"batch_size": 4, "accumulate": 3}, "must divide batch_size=4"),
    ):
        with pytest.raises(ConfigError, match=message):
            make_segmentation_config(values)
