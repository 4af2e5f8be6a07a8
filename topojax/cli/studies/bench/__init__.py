"""`topojax bench`: one benchmark a file."""

from __future__ import annotations

import click

from topojax.cli.studies.bench.backbones import backbones
from topojax.cli.studies.bench.cam import cam
from topojax.cli.studies.bench.device import device
from topojax.cli.studies.bench.persistence import persistence
from topojax.cli.studies.bench.search import search


@click.group(
    "bench",
    epilog="""\b
Examples:
  topojax bench persistence --quick
  topojax bench device
  topojax bench backbones --only resnet18-28 --output /tmp/results""",
)
def command() -> None:
    """Time this machine, one question a benchmark.

    What is timed is compared first. A dated record, JSON and a page, goes into the folder results
    here, unless --output says another.
    """


for benchmark in (persistence, backbones, cam, search, device):
    command.add_command(benchmark)
