"""Records that are JSON objects: typed, frozen, strict in what is written, lenient in what is read.

A key that no record knows is an error where a record is made. In a file it is left out: it comes
from another version, and the rest can be read without it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator

from topojax.files import write_atomically
from topojax.runs.damage import broken, unreadable

_OF_A_FILE = "of a file"


class Record(BaseModel):
    """A JSON object whose keys are the fields; NaN and infinite numbers are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        # Not null: NaN in what no record checks is then found when the file is written.
        ser_json_inf_nan="constants",
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_unknown(cls, values: Any, info: ValidationInfo) -> Any:
        if info.context != _OF_A_FILE or not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if key in cls.model_fields}

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        return self.model_dump(mode="json")


class FileRecord(Record):
    """A record that is one file of a run folder."""

    file_name: ClassVar[str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the file from a run folder.

        Raises:
            RunError: it is missing, is not JSON, or lacks a key or holds another kind of value.
        """
        path = folder / cls.file_name
        return cls.of_a_file(path, read_json(path))

    @classmethod
    def of_a_file(cls, path: Path, values: Any) -> Self:
        """Return the record that is the JSON object of a file, or a part of it.

        Raises:
            RunError: it lacks a key or holds another kind of value.
        """
        try:
            return cls.model_validate(values, context=_OF_A_FILE)
        except ValidationError as error:
            problem = error.errors()[0]
            key = ".".join(str(part) for part in problem["loc"])
            reason = problem["msg"].removeprefix("Value error, ")
            raise broken(path, f"{key}: {reason}") from None

    def write(self, folder: Path) -> None:
        """Write the file into a run folder, at once.

        Raises:
            RunError: the folder cannot be written.
        """
        write_json(folder / self.file_name, self.to_json())


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a run folder.

    Raises:
        RunError: it is missing, or holds something else.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    except RecursionError:
        raise broken(path, "it is nested too deep") from None
    if not isinstance(values, dict):
        raise broken(path, "it is not a JSON object")
    return values


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON object, at once.

    Raises:
        RunError: the folder cannot be written.
        ValueError: a number is NaN or infinite.
    """
    write_atomically(path, (json.dumps(values, indent=2, allow_nan=False) + "\n").encode())
