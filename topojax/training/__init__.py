"""Training: the backbone's fine-tuning and the classifier on descriptors."""

from topojax.training.backbone import EpochRecord, FittedBackbone, initial_backbone
from topojax.training.classifier import (
    FittedClassifier,
    Standardisation,
    classifier_probabilities,
    fit_classifier,
    predict_mlps,
    train_mlps,
)
from topojax.training.distributed import join_hosts
from topojax.training.fine_tuning import check_augmentation, fine_tune
from topojax.training.normalisation import Normalisation

__all__ = [
    "EpochRecord",
    "FittedBackbone",
    "FittedClassifier",
    "Normalisation",
    "Standardisation",
    "check_augmentation",
    "classifier_probabilities",
    "fine_tune",
    "fit_classifier",
    "initial_backbone",
    "join_hosts",
    "predict_mlps",
    "train_mlps",
]
