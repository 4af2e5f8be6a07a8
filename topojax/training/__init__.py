"""Training: the backbone's fine-tuning and the classifier on descriptors."""

from topojax.training.backbone import (
    EpochRecord,
    FittedBackbone,
    Normalisation,
    fine_tune,
    initial_backbone,
    predict_logits,
)
from topojax.training.classifier import (
    FittedClassifier,
    Standardisation,
    classifier_probabilities,
    fit_classifier,
    predict_mlps,
    train_mlps,
)

__all__ = [
    "EpochRecord",
    "FittedBackbone",
    "FittedClassifier",
    "Normalisation",
    "Standardisation",
    "classifier_probabilities",
    "fine_tune",
    "fit_classifier",
    "initial_backbone",
    "predict_logits",
    "predict_mlps",
    "train_mlps",
]
