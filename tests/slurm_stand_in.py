"""`sbatch` and `scancel` of a machine without SLURM: each job is a process; calls are noted."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

_SBATCH = """#!{python}
import sys
sys.path.insert(0, {here!r})
from slurm_stand_in import sbatch
sbatch(*sys.argv[1:])
"""


def install(folder: Path) -> None:
    """Write the programs into a folder, for the path."""
    folder.mkdir()
    here = str(Path(__file__).parent)
    programs = {
        "sbatch": _SBATCH.format(python=sys.executable, here=here),
        # What stands before the program are its own options, each with a value but the first.
        "srun": '#!/bin/sh\nshift 5\nexec "$@"\n',
        "sacct": "#!/bin/sh\necho 'JobID|State|NodeList'\n",
        "scancel": '#!/bin/sh\necho "$@" >> "$(dirname "$0")/cancelled"\n',
    }
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def sbatch(script: str) -> None:
    """Begin the jobs of an array, and print its number."""
    text, number = Path(script).read_text(), "77"
    given = dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", text, re.MULTILINE))
    notes = Path(sys.argv[0]).parent / "submitted"
    with notes.open("a") as file:
        file.write(f"{given['partition']} {given['time']} {given.get('array')}\n")
    places = range(int(given["array"].partition("%")[0].partition("-")[2]) + 1)
    command = next(line for line in text.splitlines() if line.startswith("srun "))
    for place in places:
        told = {"SLURM_ARRAY_JOB_ID": number, "SLURM_ARRAY_TASK_ID": str(place)}
        told |= {"SLURM_JOB_ID": f"{int(number) + place}", "SUBMITIT_EXECUTOR": "slurm"}
        subprocess.Popen(
            shlex.split(command),
            env={**os.environ, **told, "SLURM_NTASKS": "1", "SLURM_PROCID": "0"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    print(f"Submitted batch job {number}")  # noqa: T201
