"""The command line of benchmarks that fit on a file in MedMNIST's form, once a seed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def fits_parser(description: str, *, seeds: int, output: Path) -> argparse.ArgumentParser:
    """Return a parser of data, size, weights, seeds, settings, and where the record goes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="MedMNIST npz file")
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--size", type=int)
    parser.add_argument("--weights")
    parser.add_argument("--set", dest="sets", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--output", type=Path, default=output, help="folder of the results")
    parser.add_argument("--name", help="of the results' files; the data's name if not given")
    return parser


def fits_options(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    """Return the options, the name filled in; one seed is refused, since it has no interval."""
    options = parser.parse_args(arguments)
    if options.seeds < 2:
        parser.error(f"--seeds {options.seeds}: expected at least 2, to have an interval")
    options.name = options.name or Path(options.data).stem
    return options


def fits_command(script: str, options: argparse.Namespace, more: str = "") -> str:
    """Return the command that makes a record anew, paths by their last part."""
    size = f" --size {options.size}" if options.size else ""
    weights = f" --weights {Path(options.weights).name}" if options.weights else ""
    sets = "".join(f" --set {pair}" for pair in options.sets)
    data = Path(options.data).name
    return (
        f"python benchmarks/{script}.py {data} --seeds {options.seeds}{more}{size}{weights}{sets}"
    )
