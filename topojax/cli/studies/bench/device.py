"""`topojax bench device`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli.studies.bench import options


@click.command(
    "device",
    cls=options.ManyValues,
    short_help="Betti curves on the device and by the kernels.",
    epilog="""\b
Examples:
  topojax bench device
  CUDA_VISIBLE_DEVICES=1 topojax bench device --sizes 28 --repeats 9

What the search goes by is kept in $TOPOJAX_CACHE, else $XDG_CACHE_HOME/topojax, else
~/.cache/topojax, in the folder measured.""",
)
@click.option(
    "--sizes",
    type=click.IntRange(1),
    multiple=True,
    default=(28, 64),
    show_default=True,
    help="Voxels along an axis of single volumes; several, separated by spaces.",
)
@click.option(
    "--repeats", type=click.IntRange(1), default=7, show_default=True, help="Rounds of each."
)
@options.output
def device(sizes: tuple[int, ...], repeats: int, output: Path) -> None:
    """How fast is the topology inside jit, on this machine's device, beside the Numba kernel?

    Betti curves, Euler curves and connected components on smooth and noisy volumes and images of
    the first device, beside the kernels on one thread and on all processors, and beside connected
    components at every threshold (cc3d, and cupy on a GPU, where they are installed). Curves are
    compared before they are timed; rounds alternate on the same images. Compilation is left out,
    and said. Bytes are those that the compiled program's own analysis counts, a voxel, as if
    nothing stayed in a cache and every branch and round were gone through once; beside them what
    moving them takes at the device's measured bandwidth.

    Writes device_PLATFORM.json and .md, and keeps what `topojax fit --topology auto` goes by.
    """
    from topojax.experiments.bench.device.page import markdown
    from topojax.experiments.bench.device.record import bench_device
    from topojax.experiments.bench.records import write_record

    record, kept = bench_device(sizes, repeats)
    write_record(output, f"device_{record['platform']}", record, markdown(record))
    click.echo(f"kept in {kept}")
