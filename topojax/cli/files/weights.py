"""`topojax weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from topojax.cli.options import PATH
from topojax.errors import shown


@click.group(
    "weights",
    epilog="""\b
Examples:
  topojax weights list
  topojax weights fetch resnet18
  topojax weights convert resnet18-f37072fd.pth -o resnet18.npz
  topojax weights info resnet18.npz

Weights are kept in $TOPOJAX_CACHE, else $XDG_CACHE_HOME/topojax, else ~/.cache/topojax, in the
folder weights. Files are read without torch, and nothing in them is run.""",
)
def command() -> None:
    """List, download, convert and look into pretrained weights."""


@command.command(
    "list",
    short_help="List published weights, and which are here.",
    epilog="""\b
Examples:
  topojax weights list""",
)
def list_() -> None:
    """List the weights that are published for our networks, and which are on this machine.

    r3d_18 takes resnet18's from ImageNet, too, inflated to three dimensions.
    """
    from topojax.weights import PUBLISHED, cache_folder, cached_file

    click.echo(f"{'network':16}{'trained on':13}{'MiB':>7}  {'here':6}file")
    for weights in PUBLISHED:
        here = "yes" if cached_file(weights).is_file() else "no"
        click.echo(
            f"{weights.network:16}{weights.dataset:13}{weights.mebibytes:>7.1f}  {here:6}"
            f"{weights.file}"
        )
    click.echo(f"folder: {cache_folder()}")


@command.command(
    "fetch",
    short_help="Download published weights.",
    epilog="""\b
Examples:
  topojax weights fetch resnet18
  TOPOJAX_CACHE=/data/topojax topojax weights fetch r3d_18""",
)
@click.argument("name")
def fetch(name: str) -> None:
    """Download the published weights of the network NAME, check them, and store them as npz.

    A download that broke off is gone on with. Without a network connection, put torchvision's file
    into the folder that `topojax weights list` names and run this again.
    """
    from topojax.weights import fetch_weights, published_for

    weights = published_for(name)
    path = fetch_weights(weights)
    click.echo(f"{path}: use it with --weights {weights.dataset}")


@command.command(
    "convert",
    short_help="Write a state dict in another format.",
    epilog="""\b
Examples:
  topojax weights convert resnet18-f37072fd.pth -o resnet18.npz
  topojax weights convert checkpoint.pt -o checkpoint.safetensors
  topojax weights convert moco.pth --under encoder_q -o encoder.npz
  topojax weights convert resnet18.npz --inflate -o r3d_18.npz""",
)
@click.argument("file", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="New .npz or .safetensors file.")
@click.option("--under", metavar="PREFIX", help="Only entries whose names begin so, without it.")
@click.option("--inflate", is_flag=True, help="Make resnet18's weights r3d_18's (I3D).")
def convert(file: Path, output: Path, under: str | None, inflate: bool) -> None:
    """Write the state dict in FILE (torch, safetensors or npz) to a file of another format.

    Values stay as they are, unless resnet18's are inflated; bfloat16 and float8 become float32.
    Names stay, without what torch's wrappers put before every one (module., _orig_mod.).
    """
    from topojax.files import check_new_file
    from topojax.weights import (
        check_suffix,
        entries_under,
        inflate_resnet18,
        read_state_dict,
        write_state_dict,
    )

    check_new_file(output)
    check_suffix(output)
    state_dict = read_state_dict(file)
    if under is not None:
        state_dict = entries_under(under, state_dict)
    if inflate:
        state_dict = inflate_resnet18(state_dict)
    write_state_dict(output, state_dict)
    click.echo(f"{len(state_dict)} entries: {output}")


@command.command(
    "info",
    short_help="Say what is in a file and which network it fits.",
    epilog="""\b
Examples:
  topojax weights info resnet18-f37072fd.pth
  topojax weights info ~/.cache/topojax/weights/r3d_18-b3b3357e.npz""",
)
@click.argument("file", type=PATH)
def info(file: Path) -> None:
    """Say what is in FILE (torch, safetensors or npz), and which of our networks it fits."""
    from topojax.weights import fitting_networks, read_state_dict

    state_dict = read_state_dict(file)
    width = max((len(shown(name)) for name in state_dict), default=0)
    for name, array in state_dict.items():
        shape = " x ".join(map(str, array.shape)) or "one number"
        click.echo(f"{shown(name):{width}}  {array.dtype.name:10}  {shape}")
    total = sum(array.size for array in state_dict.values())
    mebibytes = sum(array.nbytes for array in state_dict.values()) / 2**20
    click.echo(f"{len(state_dict)} entries, {total:,} numbers, {mebibytes:.1f} MiB")
    _print_fits(fitting_networks(state_dict))


def _print_fits(reports: dict[str, Any]) -> None:
    """Name the networks that the weights fit, or the nearest and what is wrong."""
    fits = [name for name, report in reports.items() if report.fits]
    if fits:
        for name in fits:
            for line in reports[name].where_and_what_else():
                click.echo(f"{name}: {line}")
        click.echo(f"fits: {', '.join(fits)}")
        return
    name, report = next(iter(reports.items()))
    click.echo(f"fits none of our networks; the nearest is {name}")
    reshaped = [f"{entry} {given} for {shape}" for entry, given, shape in report.reshaped]
    for problem, names in (
        ("missing", report.missing),
        ("unexpected", report.unexpected),
        ("of another shape", reshaped),
        ("not finite", report.not_finite),
        ("places alike", (report.prefix, *report.rivals) if report.rivals else ()),
    ):
        if names:
            more = ", …" if len(names) > 5 else ""
            click.echo(f"  {len(names)} {problem}: {', '.join(map(shown, names[:5]))}{more}")
