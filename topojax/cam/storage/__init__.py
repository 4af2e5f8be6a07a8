"""Where maps are kept while they come in, batch by batch: in memory, or in files to resume from."""

from topojax.cam.storage.cam_storage import (
    ArraySpec,
    CamArrays,
    CamStorage,
    kept_in_memory,
    open_storage,
)

__all__ = ["ArraySpec", "CamArrays", "CamStorage", "kept_in_memory", "open_storage"]
