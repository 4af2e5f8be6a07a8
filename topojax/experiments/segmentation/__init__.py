"""The segment-then-analyse baseline (paper, section 4.3, table 8): topology of predicted masks."""

from topojax.experiments.segmentation.analysis import analyse_regions
from topojax.experiments.segmentation.baseline import SegmentThenAnalyse, segment_then_analyse
from topojax.experiments.segmentation.regions import TrueMasks, predict_regions

__all__ = [
    "SegmentThenAnalyse",
    "TrueMasks",
    "analyse_regions",
    "predict_regions",
    "segment_then_analyse",
]
