"""Training: the backbone's fine-tuning and the classifier on descriptors."""

from topojax.training.backbone.fine_tuning import check_augmentation, fine_tune
from topojax.training.backbone.fitted import (
    EpochRecord,
    FittedBackbone,
    initial_backbone,
    with_pretrained_weights,
)
from topojax.training.backbone.normalisation import NetworkInputs, Normalisation
from topojax.training.classifier.choice import Choice, Trial
from topojax.training.classifier.cross_fit import Folds, cross_fit_logits
from topojax.training.classifier.fitted import (
    FittedClassifier,
    abstract_classifier,
    classifier_probabilities,
    fit_classifier,
    fit_stacked_classifier,
    restore_classifier,
    said_training,
)
from topojax.training.classifier.mlp import FittedMLP
from topojax.training.classifier.mlps import (
    MLPSettings,
    mlp_logits,
    padded_rows,
    predict_mlps,
    train_mlps,
)
from topojax.training.classifier.scikit_models.fitted import FittedScikit
from topojax.training.classifier.scikit_models.selection import check_selection
from topojax.training.classifier.standardisation import Standardisation
from topojax.training.loop.distributed import join_hosts

__all__ = [
    "Choice",
    "EpochRecord",
    "FittedBackbone",
    "FittedClassifier",
    "FittedMLP",
    "FittedScikit",
    "Folds",
    "MLPSettings",
    "NetworkInputs",
    "Normalisation",
    "Standardisation",
    "Trial",
    "abstract_classifier",
    "check_augmentation",
    "check_selection",
    "classifier_probabilities",
    "cross_fit_logits",
    "fine_tune",
    "fit_classifier",
    "fit_stacked_classifier",
    "initial_backbone",
    "join_hosts",
    "mlp_logits",
    "padded_rows",
    "predict_mlps",
    "restore_classifier",
    "said_training",
    "train_mlps",
    "with_pretrained_weights",
]
