"""Training of a U-Net on masks, and the masks that it predicts."""

from topojax.training.segmentation.dice import dice_scores
from topojax.training.segmentation.fitted import FittedUNet, MaskEpoch, PredictedMasks
from topojax.training.segmentation.fitting import fit_unet
from topojax.training.segmentation.validation import check_foreground, validate_masks

__all__ = [
    "FittedUNet",
    "MaskEpoch",
    "PredictedMasks",
    "check_foreground",
    "dice_scores",
    "fit_unet",
    "validate_masks",
]
