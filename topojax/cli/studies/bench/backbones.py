"""`topojax bench backbones`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from topojax.cli.studies.bench import options


@click.command(
    "backbones",
    short_help="Backbones and their maps here and in torch.",
    epilog="""\b
Examples:
  topojax bench backbones --quick
  topojax bench backbones --only resnet18-64
  topojax bench backbones --gpu""",
)
@click.option("--quick", is_flag=True, help="Small images, a few minutes.")
@click.option("--gpu", is_flag=True, help="bfloat16 on the GPU, with memory.")
@click.option("--repeats", type=click.IntRange(1), show_default="7, with --quick 3", help="Rounds.")
@click.option("--only", help="One case, such as r3d_18-28.")
@options.output
def backbones(quick: bool, gpu: bool, repeats: int | None, only: str | None, output: Path) -> None:
    """How fast are the backbones and their maps here and in torch?

    Forward pass, maps of three layers, and training step (Adam, cross-entropy) of r3d_18 and
    resnet18, in torch and in topojax, on the same weights and images, in turn in one process, with
    all processors on both sides. Logits, maps and losses are compared before anything is timed.
    Maps are enlarged to the images' grid and scaled to [0, 1] on both sides; torch gives them
    twice, by one call of grad-cam a layer, as the paper's authors do, and in one pass. Compiling is
    not timed. Needs torch, of the extra torch.

    Writes backbones.json and .md; with --quick backbones_quick.json and so on; with --gpu, in
    bfloat16 where jax and torch see a GPU, backbones_gpu.json, with memory.
    """
    # Lets torch have its share of a GPU; read when jax starts.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    from topojax.experiments.bench.backbones import plans
    from topojax.experiments.bench.needed import require_module

    plan = plans.GPU if gpu else plans.QUICK if quick else plans.FULL
    if only:
        plan = plans.one_case(plan, only)
    require_module("torch", "torch", "topojax bench backbones")
    from topojax.experiments.bench.backbones.page import markdown
    from topojax.experiments.bench.backbones.running import require_gpu, run
    from topojax.experiments.bench.records import write_record

    if gpu:
        require_gpu()
    record = run(replace(plan, repeats=repeats or plan.repeats))
    write_record(output, plan.stem, record, markdown(record))
    click.echo(f"written to {output / plan.stem}.json and .md")
