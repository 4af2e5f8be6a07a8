"""What a reader is told about the temperature."""

from __future__ import annotations

from topojax.experiments.caveats import calibration_warnings
from topojax.runs import Calibration
from topojax.runs.metrics import Calibrated, CalibrationErrors


def _errors(log_loss: float) -> CalibrationErrors:
    return CalibrationErrors(expected_error=0.1, maximum_error=0.2, brier=0.1, log_loss=log_loss)


def _calibration(before: float, after: float) -> Calibration:
    better = Calibrated(before=_errors(0.5), after=_errors(0.4))
    test = Calibrated(before=_errors(before), after=_errors(after))
    return Calibration(temperature=0.42, used=False, val=better, test=test)


def test_few_images_and_worse_test_losses_are_told() -> None:
    assert calibration_warnings(_calibration(0.5, 0.4), 500) == ()
    (few,) = calibration_warnings(_calibration(0.5, 0.4), 18)
    assert "0.42, was learnt on 18 validation images" in few
    (worse,) = calibration_warnings(_calibration(0.125, 2.5), 500)
    assert "log loss worse: 2.500 instead of 0.125" in worse
    assert len(calibration_warnings(_calibration(0.125, 2.5), 18)) == 2
