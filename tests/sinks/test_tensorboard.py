"""What lies in event files, and that nothing lies there twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from topojax.errors import ConfigError, RunError
from topojax.runs import Metrics
from topojax.sinks import State, send_run

from .conftest import BEGUN, EVENTS, lines
from .event_files import scalars_in, texts_in


def test_a_run_is_written_to_its_ownPath(run_of: Callable, tmp_path: Path) -> None:
    sent = send_run(run_of(), "tensorboard", output=tmp_path / "logs")
    assert (sent.n_lines, sent.state) == (len(EVENTS), State.FINISHED)
    folder = Path(sent.place)
    assert folder.parent == tmp_path / "logs"
    assert folder.name.startswith("discs-")
    found = {(name, step): (value, time) for name, step, value, time in scalars_in(folder)}
    assert found["backbone/network_0/val_auc", 1] == (np.float32(0.7), BEGUN + 3)
    assert found["search/best_fitness", 1] == (0.125, BEGUN + 7)
    assert found["seconds/backbone", 0] == (12.5, BEGUN + 5)
    assert found["scores/test/topocam/auc_high", 0] == (1.0, BEGUN + 9)
    texts = dict(texts_in(folder))
    assert "| search.objective | cv-auc |" in texts["configuration/text_summary"]
    assert "| data.name | discs |" in texts["configuration/text_summary"]
    assert texts["warnings/text_summary"] == "- Few images.\n- Small maps."


def test_sending_twice_doubles_nothing(run_of: Callable, tmp_path: Path) -> None:
    run = run_of()
    first = send_run(run, "tensorboard", output=tmp_path)
    before = scalars_in(Path(first.place))
    assert before
    moved = run.rename(tmp_path / "moved")
    again = send_run(moved, "tensorboard", output=tmp_path)
    assert (again.place, again.n_lines) == (first.place, 0)
    assert scalars_in(Path(first.place)) == before


@pytest.mark.parametrize("n", range(1, len(EVENTS)))
def test_a_run_in_two_parts_is_the_run(
    run_of: Callable, metrics: Metrics, tmp_path: Path, n: int
) -> None:
    run, whole = run_of(EVENTS[:n], name="parts"), run_of(name="whole")
    first = send_run(run, "tensorboard", output=tmp_path)
    assert (first.n_lines, first.state) == (n, State.INTERRUPTED)
    (run / "log.jsonl").write_text(lines(EVENTS))
    metrics.write(run)
    (run / "report.html").touch()
    second = send_run(run, "tensorboard", output=tmp_path)
    assert (second.place, second.n_lines) == (first.place, len(EVENTS) - n)
    at_once = send_run(whole, "tensorboard", output=tmp_path / "other").place
    assert scalars_in(Path(first.place)) == scalars_in(Path(at_once))
    assert texts_in(Path(first.place)) == texts_in(Path(at_once))


def test_a_last_line_after_the_report_does_not_double_the_scores(
    run_of: Callable, tmp_path: Path
) -> None:
    run = run_of()
    (run / "log.jsonl").write_text(lines(EVENTS[:-1]))
    first = send_run(run, "tensorboard", output=tmp_path)
    assert first.state is State.FINISHED
    before = scalars_in(Path(first.place))
    (run / "log.jsonl").write_text(lines(EVENTS))
    assert send_run(run, "tensorboard", output=tmp_path).n_lines == 1
    assert scalars_in(Path(first.place)) == before


def test_what_is_not_finite_is_written_as_it_is(run_of: Callable, tmp_path: Path) -> None:
    broken = EVENTS[2] | {"train_loss": float("nan"), "val_loss": float("inf")}
    sent = send_run(run_of([EVENTS[0], broken]), "tensorboard", output=tmp_path)
    values = [value for _, _, value, _ in scalars_in(Path(sent.place))]
    np.testing.assert_array_equal(values, [np.nan, np.inf, np.float32(0.6)])


def test_a_damaged_line_stops_before_anything_is_sent(run_of: Callable, tmp_path: Path) -> None:
    run = run_of()
    with (run / "log.jsonl").open("a") as file:
        file.write("{\n")
    with pytest.raises(RunError, match=f"line {len(EVENTS) + 1}"):
        send_run(run, "tensorboard", output=tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


def test_files_of_the_run_are_needed_before_values_are_written(
    run_of: Callable, tmp_path: Path
) -> None:
    run = run_of()
    (run / "metrics.json").write_text("{}")
    with pytest.raises(RunError, match=r"metrics\.json"):
        send_run(run, "tensorboard", output=tmp_path / "logs")
    (folder,) = (tmp_path / "logs").iterdir()
    assert list(folder.iterdir()) == []


def test_a_line_that_a_kill_has_cut_is_told_of(
    run_of: Callable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = run_of(EVENTS[:3])
    with (run / "log.jsonl").open("a") as file:
        file.write('{"time": "20')
    assert send_run(run, "tensorboard", output=tmp_path).n_lines == 3
    assert "cut the log's last line" in caplog.text


def test_a_folder_is_needed_and_has_to_be_one(run_of: Callable, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--output"):
        send_run(run_of(), "tensorboard")
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be made"):
        send_run(run_of(name="other"), "tensorboard", output=tmp_path / "file")
