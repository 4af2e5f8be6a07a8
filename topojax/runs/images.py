"""`images.csv`: the files of a run's images, and the split and class of each."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from topojax.data import SPLITS, Dataset
from topojax.files import write_atomically

FILE_NAME = "images.csv"


def write_image_list(folder: Path, dataset: Dataset) -> None:
    """Write the list into a run folder; nothing where the images came in arrays.

    Columns are `split`, `index` (the row of the split's predictions), `image` and `class`.

    Raises:
        RunError: the folder cannot be written.
    """
    if not dataset.train.names:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["split", "index", "image", "class"])
    for name in SPLITS:
        split = dataset.split(name)
        for i, (image, label) in enumerate(zip(split.names, split.labels, strict=True)):
            writer.writerow([name, i, image, dataset.class_names[label]])
    write_atomically(folder / FILE_NAME, text.getvalue().encode())
