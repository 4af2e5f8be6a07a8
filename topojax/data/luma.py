"""The weights by which colours become grey."""

import numpy as np

# Of ITU-R BT.601, the convention of PIL and OpenCV.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
