"""Which of our networks a state dict belongs to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from topojax.models import abstract_model, list_models
from topojax.weights.torchvision import TorchvisionReport, torchvision_report


def fitting_networks(state_dict: Mapping[str, np.ndarray]) -> dict[str, TorchvisionReport]:
    """Return how the state dict fits every network, best first.

    A network counts with as many input channels as the first kernel has, and any number of classes.

    Args:
        state_dict: arrays by name.
    """
    reports = {name: _report(name, state_dict) for name in list_models()}
    return dict(sorted(reports.items(), key=lambda item: _misfits(item[1])))


def _report(name: str, state_dict: Mapping[str, np.ndarray]) -> TorchvisionReport:
    model = abstract_model(name, 1)
    report = torchvision_report(model, state_dict)
    kernel = state_dict.get(f"{report.prefix}{model.first_conv}.weight")
    if kernel is not None and np.ndim(kernel) > 2 and 0 < kernel.shape[1] != model.in_channels:
        return torchvision_report(abstract_model(name, 1, kernel.shape[1]), state_dict)
    return report


def _misfits(report: TorchvisionReport) -> int:
    misfits = (report.missing, report.unexpected, report.reshaped, report.not_finite, report.rivals)
    return sum(map(len, misfits))
