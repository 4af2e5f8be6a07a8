"""How test scores grow with the number of training images, and what topology adds at each."""

from topojax.experiments.learning_curve.running import learning_curve
from topojax.experiments.learning_curve.sizes import fewer_images, training_sizes

__all__ = ["fewer_images", "learning_curve", "training_sizes"]
