"""Timings of this machine that other parts of topojax go by."""

from topojax.experiments.bench.device import (
    DeviceTiming,
    bench_device,
    device_bandwidth,
    smooth_and_noise,
    time_on_device,
)

__all__ = ["DeviceTiming", "bench_device", "device_bandwidth", "smooth_and_noise", "time_on_device"]
