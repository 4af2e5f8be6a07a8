"""topojax: TopoCAM in JAX.

Grad-CAM regions of interest, exact cubical Betti curves of the image on them, and a small
classifier on those curves, with scores that can be trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from topojax.estimator import TopoCAM

__version__ = "0.1.0"
__all__ = ["TopoCAM", "__version__"]


def __getattr__(name: str) -> Any:
    # `import topojax` stays light: jax is loaded when the estimator is first asked for.
    if name == "TopoCAM":
        from topojax.estimator import TopoCAM

        return TopoCAM
    raise AttributeError(f"module 'topojax' has no attribute {name!r}")
