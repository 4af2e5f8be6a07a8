"""`topojax bench`."""

from __future__ import annotations

import click


@click.group(
    "bench",
    epilog="""\b
Examples:
  topojax bench device
  CUDA_VISIBLE_DEVICES=1 topojax bench device --repeats 9""",
)
def command() -> None:
    """Time this machine."""


@command.command(
    "device",
    short_help="Time Betti curves on the device and by the kernels.",
    epilog="""\b
Examples:
  topojax bench device
  topojax bench device --repeats 9

What is found is kept in $TOPOJAX_CACHE, else $XDG_CACHE_HOME/topojax, else ~/.cache/topojax, in
the folder measured.""",
)
@click.option(
    "--repeats", type=click.IntRange(1), default=5, show_default=True, help="Rounds of each."
)
def device(repeats: int) -> None:
    """Time Betti curves, Euler curves and components on the first device, and by the kernels.

    On smooth and noisy images of several sizes, compared with the kernels' curves before they are
    timed: in a minute or two. `topojax fit --topology auto` goes by what is found.
    """
    import jax

    from topojax.experiments.bench import bench_device, device_bandwidth

    (first, *_) = jax.devices()
    click.echo(f"{first.platform}: {first.device_kind}; ns a voxel, medians of {repeats}", err=True)
    timings, path = bench_device(repeats=repeats, progress=True)
    bandwidth = device_bandwidth()
    for timing in timings:
        click.echo(timing.images)
        for name, ns in timing.ns_a_voxel.items():
            moved = timing.bytes_a_voxel.get(name)
            bound = "" if moved is None else f"; {moved:.0f} bytes, {moved / bandwidth:.3g} to move"
            click.echo(f"  {name:42}{ns:10.3g}{bound}")
    click.echo(f"bandwidth: {bandwidth:.0f} GB/s, read and written")
    click.echo(f"kept in {path}")
