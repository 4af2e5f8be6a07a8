"""The generations of a search on disk: one file each, whole or not there.

A file holds what was evaluated in its generation and what came out. The state of differential
evolution follows from these by selection alone, without evaluating anything, so that a search can
be taken up after any generation: delete the files of the later ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.npz import read_npz
from topojax.errors import DataError, RunError
from topojax.files import exists, make_folder, open_atomically


@dataclass(frozen=True)
class GenerationFiles:
    """Files `generation_00000.npz` and on in a folder.

    Attributes:
        folder: made when the first generation is written.
        settings: what decides which candidates a search proposes; JSON values. Stored in every
            file, and compared with when it is read.
    """

    folder: Path
    settings: dict[str, Any]

    def path(self, generation: int) -> Path:
        """Return the file of a generation."""
        return self.folder / f"generation_{generation:05d}.npz"

    def write(self, generation: int, genes: np.ndarray, fitness: np.ndarray) -> None:
        """Write genes, float32 (P, G), and fitness, float32 (P,), replacing what was there.

        Raises:
            RunError: the file cannot be written.
        """
        make_folder(self.folder, "choose another place")
        with open_atomically(self.path(generation)) as file:
            np.savez(file, genes=genes, fitness=fitness, settings=json.dumps(self.settings))

    def read(self, generation: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Return genes, float32 (P, G), and fitness, float32 (P,); None where there is no file.

        Raises:
            RunError: the file is damaged, or of a search of other settings.
        """
        path = self.path(generation)
        if not exists(path):
            return None
        try:
            stored = read_npz(path, ("genes", "fitness", "settings"))
            settings = json.loads(str(stored["settings"]))
            if not isinstance(settings, dict):
                raise ValueError(f"settings are of type {type(settings).__name__}")
        except (DataError, ValueError, RecursionError) as error:
            raise _damaged(path, error) from None
        self._check(settings)
        genes, fitness = stored["genes"], stored["fitness"]
        size = self.settings.get("population_size", len(fitness) if fitness.ndim else 0)
        expected = (size, self.settings.get("n_genes", genes.shape[-1] if genes.ndim else 0))
        if genes.shape != expected or fitness.shape != expected[:1]:
            raise _damaged(
                path,
                f"genes {genes.shape} and fitness {fitness.shape}, expected {expected} and "
                f"{expected[:1]}",
            )
        if not genes.dtype == fitness.dtype == np.float32:
            raise _damaged(path, f"{genes.dtype} and {fitness.dtype}, expected float32")
        return genes, fitness

    def _check(self, stored: dict[str, Any]) -> None:
        differences = [
            f"{name}={stored.get(name)}, now {self.settings.get(name)}"
            for name in {**self.settings, **stored}
            if stored.get(name) != self.settings.get(name)
        ]
        if differences:
            raise RunError(
                f"the search in {self.folder} was begun with {'; '.join(differences)}; "
                "resume it with the same settings, or give another folder"
            )


def _damaged(path: Path, reason: object) -> RunError:
    return RunError(
        f"{path} is damaged ({reason}); delete it to search anew from that generation on"
    )
