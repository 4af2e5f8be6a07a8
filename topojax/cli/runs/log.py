"""`topojax log`."""

from __future__ import annotations

from pathlib import Path

import click

from topojax.cli import options


@click.command(
    "log",
    epilog="""\b
Examples:
  topojax log runs/adrenal --to tensorboard -o logs
  topojax log runs/adrenal --to mlflow -o mlruns
  topojax log runs/adrenal --to wandb --follow
  MLFLOW_TRACKING_URI=http://localhost:5000 topojax log runs/adrenal --to mlflow""",
)
@options.run_argument
@click.option(
    "--to",
    "sink",
    type=click.Choice(["mlflow", "wandb", "tensorboard"]),
    required=True,
    help="Where to: a library that is an extra of topojax.",
)
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help="Folder to write into: MLflow's file store, where W&B makes its folder, or what "
    "TensorBoard reads.  [default: what MLflow or W&B is set to]",
)
@click.option("--follow", is_flag=True, help="Go on while RUN is fitted, and end with it.")
def command(run: Path, sink: str, output: Path | None, follow: bool) -> None:
    """Send what RUN has logged and found out to MLflow, Weights & Biases or TensorBoard.

    Sending again sends what is new. W&B stays offline unless WANDB_MODE=online, and MLflow asks a
    server only where MLFLOW_TRACKING_URI names one.
    """
    from topojax.sinks import State, send_run

    sent = send_run(run, sink, output=output, follow=follow)
    click.echo(f"{run}, {sent.state.value}: {sent.n_lines} new lines of its log to {sent.place}")
    if sent.state is State.INTERRUPTED:
        click.echo("The run did not end; once it was resumed, send the rest by the same command.")
