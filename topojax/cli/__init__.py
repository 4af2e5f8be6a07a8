"""The command line: one thin command a file, each imported when it is called."""

from __future__ import annotations

import importlib
import io
import logging
import sys
from collections.abc import Sequence

import click

from topojax import __version__
from topojax.cli.signals import stopping_in_one_line
from topojax.errors import TopojaxError

# The room that a command is in, and what it is for.
_COMMANDS = {
    "demo": ("runs", "Run the whole method on embedded synthetic volumes."),
    "fit": ("runs", "Fit on a data set, score the test split once, write a report."),
    "evaluate": ("runs", "Score a fitted run on a split of a data set."),
    "predict": ("runs", "Write class probabilities of images."),
    "explain": ("runs", "Draw the maps and the ROI of some images."),
    "features": ("runs", "Write topological descriptors of images."),
    "compare": ("studies", "Compare runs on the same test images: paired differences."),
    "leaktest": ("studies", "Fail if anything of a label reaches held-out scores."),
    "learning-curve": ("studies", "Score every method against the number of training images."),
    "reproduce": ("studies", "Make the paper's tables and figures anew."),
    "log": ("runs", "Send a run to MLflow, Weights & Biases or TensorBoard."),
    "bench": ("studies", "Time topology, networks, maps and search on this machine."),
    "data": ("files", "List data sets, say how to get them, check manifests."),
    "synthetic": ("files", "Write a test volume of any size whose Betti numbers are known."),
    "weights": ("files", "List, download, convert and look into pretrained weights."),
}


class _LazyGroup(click.Group):
    """Lists commands without importing them, so that `--help` does not wait for jax."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        room, module = _COMMANDS[cmd_name][0], cmd_name.replace("-", "_")
        return importlib.import_module(f"topojax.cli.{room}.{module}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in _COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `topojax demo`; `topojax COMMAND --help` shows examples.",
)
@click.version_option(__version__, prog_name="topojax")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors.")
def cli(quiet: bool) -> None:
    """TopoCAM in JAX: classify medical images by the topology of what a network looks at."""
    logger = logging.getLogger("topojax")
    logger.handlers = [logging.StreamHandler(sys.stderr)]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.propagate = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors of topojax become one line and their own exit code.

    Args:
        arguments: after the program's name; those of the process if not given.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files need not be UTF-8: what was written under such a name can be told.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with stopping_in_one_line():
            cli.main(arguments, prog_name="topojax", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except TopojaxError as error:
        _stop(" ".join(str(error).split()), error.exit_code)
    except ImportError as error:
        if error.name != "topojax.kernels":
            raise
        _stop(str(error), 1)


def _stop(message: str, code: int) -> None:
    click.echo(f"topojax: {message}", err=True)
    sys.exit(code)
