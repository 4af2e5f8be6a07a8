"""Several devices and several hosts give what one device gives."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from topojax.errors import ConfigError
from topojax.training import join_hosts
from topojax.training.loop.sharding import share_batches

_DEVICES = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count="
_PROGRAM = Path(__file__).with_name("train_on_devices.py")


def _start(out: Path, *counts: int, **variables: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(_PROGRAM), str(out), *map(str, counts)],
        env=os.environ | {"JAX_PLATFORMS": "cpu"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finished(*programs: subprocess.Popen) -> None:
    try:
        for program in programs:
            said, _ = program.communicate(timeout=300)
            assert program.returncode == 0, said
    finally:
        for program in programs:
            program.kill()


def _assert_close(one: Path, many: Path) -> None:
    with np.load(one) as a, np.load(many) as b:
        assert a.files == b.files
        # The losses, and two arrays a layer.
        assert len(a.files) > 5
        for name in a.files:
            np.testing.assert_allclose(b[name], a[name], rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.fixture(scope="module")
def one_host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of results on 1, 6 and 8 of 8 simulated devices."""
    folder = tmp_path_factory.mktemp("devices")
    _finished(_start(folder / "out", 1, 6, 8, XLA_FLAGS=f"{_DEVICES}8"))
    return folder


@pytest.mark.parametrize("count", [6, 8])
def test_many_devices_give_the_weights_of_one(one_host: Path, count: int) -> None:
    _assert_close(one_host / "out_1_host0.npz", one_host / f"out_{count}_host0.npz")


@pytest.mark.slow
def test_two_hosts_give_the_weights_of_one(one_host: Path, tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("localhost", 0))
        address = f"localhost:{server.getsockname()[1]}"
    hosts = [
        _start(
            tmp_path / "out",
            XLA_FLAGS=f"{_DEVICES}2",
            JAX_COORDINATOR_ADDRESS=address,
            JAX_NUM_PROCESSES="2",
            JAX_PROCESS_ID=str(index),
        )
        for index in (0, 1)
    ]
    _finished(*hosts)
    for index in (0, 1):
        _assert_close(one_host / "out_1_host0.npz", tmp_path / f"out_4_host{index}.npz")


class _Device:
    """What is asked of a device on another host."""

    def __init__(self, process_index: int) -> None:
        self.process_index = process_index


@pytest.mark.parametrize(
    ("batch", "devices_by_host", "used"),
    [(32, [8], 8), (12, [8], 6), (7, [6], 1), (32, [4, 4], 8), (12, [4, 8], 6), (2, [1], 1)],
)
def test_as_many_devices_as_divide_the_batch_share_it(
    batch: int, devices_by_host: list[int], used: int
) -> None:
    devices = [_Device(host) for host, n in enumerate(devices_by_host) for _ in range(n)]
    shared = share_batches(batch, devices)
    assert len(shared.devices) == used
    counts = np.bincount([device.process_index for device in shared.devices])
    assert len(set(counts)) == 1


def test_hosts_that_do_not_divide_the_batch_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"7 images.*2 hosts.*batch_size"):
        share_batches(7, [_Device(0), _Device(1)])


def test_half_of_the_variables_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_NUM_PROCESSES", "2")
    with pytest.raises(ConfigError, match="JAX_COORDINATOR_ADDRESS, JAX_PROCESS_ID must be set"):
        join_hosts()
