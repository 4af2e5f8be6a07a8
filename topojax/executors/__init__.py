"""One door for work that can be spread: over processes here, over a Dask cluster, over SLURM.

Each of the three is a `concurrent.futures.Executor`, and `spread` takes any of that kind. Who works
where and when is left to what stands behind it; here is only what a user asked for, how it is
opened, what a worker reads for itself, and what becomes of an item whose worker dies.
"""

from topojax.executors.deaths import ItemsLostError
from topojax.executors.held import Held
from topojax.executors.opening import open_executor
from topojax.executors.spread import spread
from topojax.executors.spreading import Spreading

__all__ = ["Held", "ItemsLostError", "Spreading", "open_executor", "spread"]
