"""Training: the backbone's fine-tuning and the classifier on descriptors."""

from topojax.training.backbone import (
    EpochRecord,
    FittedBackbone,
    initial_backbone,
    with_pretrained_weights,
)
from topojax.training.classifier import (
    FittedClassifier,
    classifier_probabilities,
    fit_classifier,
)
from topojax.training.cross_fit import Splits, cross_fit_logits
from topojax.training.distributed import join_hosts
from topojax.training.fine_tuning import check_augmentation, fine_tune
from topojax.training.mlps import (
    MLPSettings,
    mlp_logits,
    padded_rows,
    predict_mlps,
    train_mlps,
)
from topojax.training.normalisation import Normalisation
from topojax.training.standardisation import Standardisation

__all__ = [
    "EpochRecord",
    "FittedBackbone",
    "FittedClassifier",
    "MLPSettings",
    "Normalisation",
    "Splits",
    "Standardisation",
    "check_augmentation",
    "classifier_probabilities",
    "cross_fit_logits",
    "fine_tune",
    "fit_classifier",
    "initial_backbone",
    "join_hosts",
    "mlp_logits",
    "padded_rows",
    "predict_mlps",
    "train_mlps",
    "with_pretrained_weights",
]
