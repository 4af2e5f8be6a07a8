"""Run the notebooks, keep their outputs, and make the gallery anew: reports and pictures.

`pip install -e '.[test]' nbclient ipykernel && python notebooks/make.py [NAME …]`, with Chromium or
Chrome for the pictures of reports. A notebook without a report is shown by a figure.
"""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image, ImageChops

FOLDER = Path(__file__).parent
GALLERY = FOLDER / "gallery"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, HEIGHT = 1000, 1300
# The part of a report that its picture shows, where it is not the head.
PARTS = {"volumes_and_roi": "viewer"}


def run(path: Path) -> NotebookNode:
    """Run a notebook in its folder and write it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=1200,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": str(FOLDER)}},
    )
    with client.setup_kernel():
        # A run notes the command that made it: the notebook, rather than its kernel's.
        client.kc.execute(f"import sys; sys.argv[:] = [{path.name!r}]", store_history=False)
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                del output.data["text/plain"]  # of a run, pages of arrays
    notebook.metadata = NotebookNode(kernelspec=notebook.metadata.kernelspec)
    path.write_text(nbformat.writes(notebook, indent=1).rstrip() + "\n", encoding="utf-8")
    return notebook


def photograph(page: Path, part: str | None = None) -> Image.Image:
    """Return a picture of the head of a page, or of the part of this id alone.

    Raises:
        SystemExit: no browser is installed.
    """
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    if not found:
        sys.exit(f"none of {', '.join(BROWSERS)} is installed; pictures of reports need one")
    text = page.read_text(encoding="utf-8")
    if part is not None:
        text += f"<style>nav, main > :not(#{part}) {{ display: none }}</style>"
    with tempfile.TemporaryDirectory() as folder:
        shown, picture = Path(folder) / "page.html", Path(folder) / "page.png"
        shown.write_text(text, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        # Time for scripts to draw.
        options += ["--virtual-time-budget=8000", f"--window-size={WIDTH},{HEIGHT}"]
        command = [found[0], *options, f"--screenshot={picture}", shown.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
        image = Image.open(io.BytesIO(picture.read_bytes())).convert("RGB")
    white = Image.new("RGB", image.size, "white")
    _, _, _, bottom = ImageChops.difference(image, white).getbbox() or (0, 0, 0, HEIGHT)
    return image.crop((0, 0, WIDTH, bottom))


def richest_figure(notebook: NotebookNode) -> Image.Image:
    """Return the figure of a notebook that takes most bytes: the one that shows most."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [one.data["image/png"] for one in outputs if "image/png" in one.get("data", {})]
    return Image.open(io.BytesIO(base64.b64decode(max(pictures, key=len))))


def show(name: str, notebook: NotebookNode) -> None:
    """Write the picture of a notebook, and its report if it made one, into the gallery."""
    GALLERY.mkdir(exist_ok=True)
    reports = sorted((FOLDER / "runs" / name).rglob("report.html"))
    if reports:
        shutil.copyfile(reports[0], GALLERY / f"{name}.html")
        picture = photograph(reports[0], PARTS.get(name))
    else:
        picture = richest_figure(notebook)
    # Few colours: a page is small then, and looks the same.
    picture.convert("RGB").quantize(64).save(GALLERY / f"{name}.png", optimize=True)


def main() -> None:
    """Make the notebooks that are named, or all."""
    for name in sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.ipynb")):
        show(name, run(FOLDER / f"{name}.ipynb"))


if __name__ == "__main__":
    main()
