"""Fine-tune a tiny network on the devices that the environment gives; not a test itself.

python train_on_devices.py OUT [N ...]: on the first N devices, for every N, else on all of them,
over all hosts where the environment names some. Each host writes losses and weights to a file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import jax
import numpy as np
import tiny_networks

from topojax.config import BackboneConfig
from topojax.training import fine_tune, join_hosts

OPTIONS = {"batch_size": 16, "accumulate": 2, "shift": 1, "class_weights": "balanced"}


def main(out: Path, counts: list[int]) -> None:
    """Train and write."""
    if "JAX_PROCESS_ID" in os.environ:
        join_hosts()
    tiny_networks.register()
    for count in counts or [jax.device_count()]:
        for epochs in (2, 3):  # the second call goes on where the first stopped
            fitted = fine_tune(
                BackboneConfig(epochs=epochs, **OPTIONS),
                "tiny",
                *tiny_networks.two_classes(),
                2,
                seed=3,
                folder=out.with_name(f"{out.name}_{count}"),
                devices=jax.devices()[:count],
            )
        leaves = jax.tree.leaves((fitted.params, fitted.stats))
        losses = [(record.train_loss, record.val_loss) for record in fitted.history]
        file = out.with_name(f"{out.name}_{count}_host{jax.process_index()}.npz")
        np.savez(file, np.array(losses), *leaves)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(text) for text in sys.argv[2:]])
