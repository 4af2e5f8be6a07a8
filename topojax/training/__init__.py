"""Training: the backbone's fine-tuning and the classifier on descriptors."""

from topojax.training.backbone.distributed import join_hosts
from topojax.training.backbone.fine_tuning import check_augmentation, fine_tune
from topojax.training.backbone.fitted import (
    EpochRecord,
    FittedBackbone,
    initial_backbone,
    with_pretrained_weights,
)
from topojax.training.backbone.normalisation import Normalisation
from topojax.training.classifier.cross_fit import Folds, cross_fit_logits
from topojax.training.classifier.fitted import (
    FittedClassifier,
    classifier_probabilities,
    fit_classifier,
)
from topojax.training.classifier.mlps import (
    MLPSettings,
    mlp_logits,
    padded_rows,
    predict_mlps,
    train_mlps,
)
from topojax.training.classifier.standardisation import Standardisation

__all__ = [
    "EpochRecord",
    "FittedBackbone",
    "FittedClassifier",
    "Folds",
    "MLPSettings",
    "Normalisation",
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
