"""Networks and images on which training takes a second."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def tiny_networks() -> Iterator[ModuleType]:
    """Return the module of tiny networks, registered."""
    path = Path(__file__).parent / "loop" / "tiny_networks.py"
    spec = importlib.util.spec_from_file_location("tiny_networks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.register()
    yield module
    module.forget()


@pytest.fixture(scope="module")
def data(tiny_networks: ModuleType) -> tuple:
    """Return small training and validation splits of two classes."""
    return tiny_networks.two_classes()
