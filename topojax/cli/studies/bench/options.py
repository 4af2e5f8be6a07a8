"""Options that several benchmarks share."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli.options import PATH

output = click.option(
    "--output",
    type=PATH,
    default=Path("results"),
    show_default=True,
    help="Folder of the results; made where it is missing.",
)


class ManyValues(click.Command):
    """A command whose repeatable options also take several values: `--sizes 28 64`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        many = {name for p in self.params if getattr(p, "multiple", False) for name in p.opts}
        return super().parse_args(ctx, _one_option_a_value(args, many))


def _one_option_a_value(args: list[str], many: set[str]) -> list[str]:
    repeated: list[str] = []
    option = None
    for before, arg in zip(["", *args], args, strict=False):
        if arg.startswith("-"):
            option = arg if arg in many else None
        elif option is not None and before != option:
            repeated.append(option)
        repeated.append(arg)
    return repeated
