"""Where maps are kept while they come in, batch by batch: in memory, or in files to resume from."""

from topojax.cam.storage.cam_storage import CamArrays, CamStorage, open_storage
from topojax.row_files.row_store import ArraySpec

__all__ = ["ArraySpec", "CamArrays", "CamStorage", "open_storage"]
