"""The configuration: one frozen schema, three presets, overrides by dotted key.

A preset is a named set of values of the same fields (METHOD.md, "Presets"). Everything that changes
a number is here; nothing else is.
"""

from topojax.config.preparation import ManifestConfig, PrepareConfig
from topojax.config.presets import (
    DEMO_BUDGET,
    DEMO_IMAGES,
    LEAKTEST_BUDGET,
    LEARNING_CURVE_DEFAULTS,
    PRESETS,
    USUAL_TAU,
)
from topojax.config.reading import (
    make_config,
    make_segmentation_config,
    parse_config,
    parse_overrides,
)
from topojax.config.schema import (
    BackboneConfig,
    CamConfig,
    ClassifierConfig,
    Config,
    EvaluationConfig,
    SearchConfig,
    TopologyConfig,
    TrainingConfig,
)
from topojax.config.segmentation import SegmentationConfig

__all__ = [
    "DEMO_BUDGET",
    "DEMO_IMAGES",
    "LEAKTEST_BUDGET",
    "LEARNING_CURVE_DEFAULTS",
    "PRESETS",
    "USUAL_TAU",
    "BackboneConfig",
    "CamConfig",
    "ClassifierConfig",
    "Config",
    "EvaluationConfig",
    "ManifestConfig",
    "PrepareConfig",
    "SearchConfig",
    "SegmentationConfig",
    "TopologyConfig",
    "TrainingConfig",
    "make_config",
    "make_segmentation_config",
    "parse_config",
    "parse_overrides",
]
