"""Classifier: what it was trained on, what it is, and how its probabilities were calibrated."""

from __future__ import annotations

from typing import Any

from topojax.config import ClassifierConfig, Config
from topojax.report.writing.sentence import Sentence, counted, listed
from topojax.runs import Run

_FEATURES = {
    "topology": "the topological descriptor of the ROI",
    "embedding": "the pooled features of the network, in which no ROI has a say",
    "topology+embedding": "the topological descriptor of the ROI and the pooled features of the "
    "network",
    "topology+logits": "the topological descriptor of the ROI",
}

_MODELS = {
    "logistic": ("a logistic regression with an L2 penalty", ("pedregosa2011",)),
    "extra-trees": ("extremely randomised trees", ("geurts2006", "pedregosa2011")),
    "gradient-boosting": ("gradient-boosted trees on histograms", ("pedregosa2011",)),
}


def classifier_sentences(run: Run, config: Config) -> list[Sentence]:
    """Return the sentences of the classifier."""
    classifier = config.classifier
    found = run.metrics.classifiers.get(classifier.features)
    model = found.model if found else _asked(classifier)
    sentences = [_model(classifier, model, found.settings if found else {})]
    if found and found.cv_auc is not None:
        sentences.append(_choice(classifier, found.cv_auc, len(found.trials)))
    sentences += _standardisation(classifier, model)
    if classifier.features == "topology+logits":
        sentences.append(_stack(classifier))
    return [*sentences, calibration_sentence(run)]


def _asked(classifier: ClassifierConfig) -> str:
    """Return the model of a folder of an older version, which does not hold it."""
    is_stack = classifier.features == "topology+logits"
    return "logistic" if is_stack and classifier.model == "mlp" else classifier.model


def _model(classifier: ClassifierConfig, model: str, settings: dict[str, Any]) -> Sentence:
    on = _FEATURES[classifier.features]
    if model == "mlp":
        hidden = listed([str(width) for width in classifier.hidden])
        layers = f"hidden layers of {hidden} units" if hidden else "no hidden layer"
        return Sentence(
            f"A multilayer perceptron with {layers} (ReLU) was trained on {on}, by Adam with a "
            f"learning rate of {classifier.learning_rate:g} to minimise cross-entropy, in batches "
            f"of {classifier.batch_size} for {counted(classifier.epochs, 'epoch')}",
            ("kingma2015",),
        )
    title, cites = _MODELS.get(model, ("a model chosen inside the training split", ()))
    values = ", ".join(f"{name} = {value}" for name, value in settings.items())
    told = f" ({values})" if values else ""
    return Sentence(f"The classifier, {title}{told}, was trained on {on}", cites)


def _choice(classifier: ClassifierConfig, cv_auc: float, n_trials: int) -> Sentence:
    return Sentence(
        f"It was the best of {n_trials} models and settings by their mean AUC on "
        f"{classifier.selection_folds} stratified folds of the training split ({cv_auc:.3f})"
    )


def _standardisation(classifier: ClassifierConfig, model: str) -> list[Sentence]:
    if model in ("extra-trees", "gradient-boosting"):
        return []
    if classifier.standardise or model == "logistic":
        return [
            Sentence(
                "Its features were standardised by the means and deviations of the training split"
            )
        ]
    return [Sentence("Its features were not standardised")]


def _stack(classifier: ClassifierConfig) -> Sentence:
    return Sentence(
        "It was stacked with the network: a logistic regression (C = 1, standardised) was trained "
        f"on its log probabilities in {classifier.selection_folds} folds of the training split and "
        "on the logits of the network that had not seen the image",
        ("wolpert1992",),
    )


def calibration_sentence(run: Run) -> Sentence:
    """Return whether probabilities were calibrated."""
    found = run.metrics.calibration
    if not found.used:
        return Sentence("The probabilities were not calibrated")
    return Sentence(
        f"The logits were divided by the temperature {found.temperature:.2f}, which was learnt on "
        "the validation split",
        ("guo2017",),
    )
