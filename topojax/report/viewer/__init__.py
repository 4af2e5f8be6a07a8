"""The interactive part of the page: example images whose threshold a reader can move.

`payload` puts arrays into the page, the files of `script/`, one after the other, draw them with
nothing but what a browser has. Sizes and Betti numbers are the run's; the browser counts voxels.
"""

from topojax.report.viewer.page import Viewer, viewer_of

__all__ = ["Viewer", "viewer_of"]
