"""TopoCAM in JAX: where a network looks, exact cubical topology there, scores that can be trusted.

Begin here:

- `topojax.TopoCAM`, the whole method as a scikit-learn estimator; `topojax.config` has its presets.
- `topojax.kernels`, the topology alone: exact Betti curves and persistence pairs of images and
  volumes, on NumPy and Numba. `topojax.topology` makes descriptors and transformers of them,
  `topojax.topology.device` the same inside `jax.jit`.
- `topojax.experiments`, a run with a folder, scores and a report, as `topojax fit` makes it;
  `topojax.data` reads what it is fitted on, `topojax.runs` and `topojax.report` what it leaves.

Behind them, in the order of the work: `topojax.models`, `topojax.weights` and `topojax.training`
have the networks; `topojax.cam` their maps and regions; `topojax.search` finds the rule that fuses
them; `topojax.pipeline` puts the method together; `topojax.defects` shows what public scripts do
to scores; `topojax.evaluation` scores, with intervals; `topojax.executors` spreads many fits over
processes and clusters; `topojax.sinks` sends runs elsewhere. What goes wrong is told in one line,
by one of `topojax.errors`.

Every term is defined in
[METHOD.md](https://github.com/topojax/topojax/blob/main/topojax/METHOD.md), commands and files in
[GUIDE.md](https://github.com/topojax/topojax/blob/main/topojax/GUIDE.md).
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
