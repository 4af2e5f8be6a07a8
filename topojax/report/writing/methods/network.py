"""Network: which one, what it started from, how it was trained."""

from __future__ import annotations

from pathlib import PurePath

from topojax.config import BackboneConfig, CamConfig, Config
from topojax.report.writing.sentence import Sentence, counted, listed
from topojax.runs import Run

_NETWORKS = {
    "resnet18": ("ResNet-18", "he2016"),
    "resnet50": ("ResNet-50", "he2016"),
    "r3d_18": ("R3D-18, a residual network with 3 × 3 × 3 convolutions", "tran2018"),
    "mc3_18": ("MC3-18, a residual network with mixed convolutions", "tran2018"),
    "r2plus1d_18": ("R(2+1)D-18, a residual network with factored convolutions", "tran2018"),
    "vgg16": ("VGG-16", "simonyan2015"),
    "densenet121": ("DenseNet-121", "huang2017"),
    "efficientnet_b0": ("EfficientNet-B0", "tan2019"),
    "efficientnet3d_b0": ("EfficientNet-B0 with cubic windows for volumes", "tan2019"),
    "swin_v2_t": ("Swin Transformer V2 (tiny)", "liu2022"),
    "davit_tiny": ("DaViT (tiny)", "ding2022"),
    "mobilevit_s": ("MobileViT (small)", "mehta2022"),
    "vit3d": ("a vision transformer on cubic patches", "dosovitskiy2021"),
    "cct3d": ("a compact convolutional transformer for volumes", "hassani2021"),
    "m3t": ("M3T", "jang2022"),
}

_SCHEDULES = {
    "constant": "a constant learning rate of {rate:g}",
    "cosine": "a learning rate that falls from {rate:g} as a cosine",
    "one-cycle": "a learning rate in one cycle with its peak at {rate:g}",
}


def network_title(name: str) -> str:
    """Return what a network is called in text."""
    return _NETWORKS[name][0] if name in _NETWORKS else name


def network_sentences(run: Run, config: Config) -> list[Sentence]:
    """Return the sentences of the network."""
    return [
        _which(config.backbone),
        start_sentence(config.backbone),
        training_sentence(config.backbone),
        _augmentation(config.backbone),
        *fold_sentences(config.cam),
        selection_sentence(run),
    ]


def _which(backbone: BackboneConfig) -> Sentence:
    cites = (_NETWORKS[backbone.name][1],) if backbone.name in _NETWORKS else ()
    return Sentence(
        f"The backbone was {network_title(backbone.name)}, with one output a class", cites
    )


def start_sentence(backbone: BackboneConfig) -> Sentence:
    """Return what the weights started from."""
    weights = backbone.weights
    if weights is None:
        return Sentence("It was trained from scratch, from random initial weights")
    if weights == "imagenet" and backbone.name == "r3d_18":
        return Sentence(
            "Its weights started from those of torchvision's ResNet-18 for ImageNet, the kernels "
            "inflated over depth",
            ("he2016", "russakovsky2015", "carreira2017"),
        )
    if weights == "imagenet":
        return Sentence(
            "Its weights started from those that torchvision publishes for ImageNet",
            ("russakovsky2015",),
        )
    if weights == "kinetics400":
        return Sentence(
            "Its weights started from those that torchvision publishes for Kinetics-400",
            ("kay2017",),
        )
    return Sentence(f"Its weights started from the file {PurePath(weights).name}")


def training_sentence(backbone: BackboneConfig) -> Sentence:
    """Return optimiser, loss, batches and epochs."""
    rate = _SCHEDULES[backbone.schedule].format(rate=backbone.learning_rate)
    if backbone.warmup_epochs:
        warm_up = counted(backbone.warmup_epochs, "epoch")
        rate += f", after {warm_up} in which it grew linearly from 0"
    loss = "cross-entropy"
    if backbone.class_weights == "balanced":
        loss += ", in which images weighed inversely to the size of their class"
    batches = f"in batches of {backbone.batch_size} images"
    if backbone.accumulate > 1:
        batches += f" computed in {backbone.accumulate} parts"
    precision = (
        "" if backbone.precision == "float32" else f", with {backbone.precision} activations"
    )
    return Sentence(
        f"All its weights were trained by Adam with {rate} to minimise {loss}, "
        f"{batches}{precision}, for {counted(backbone.epochs, 'epoch')}",
        ("kingma2015",),
    )


def _augmentation(backbone: BackboneConfig) -> Sentence:
    parts = []
    if backbone.flip_axes:
        axes = listed([str(axis) for axis in backbone.flip_axes])
        parts.append(f"flipped along spatial axis {axes} with probability 1/2 each")
    if backbone.shift:
        parts.append(f"shifted by up to {backbone.shift} grid cells along every axis")
    if not parts:
        return Sentence("Training images were not augmented")
    return Sentence(f"Training images were {listed(parts)} at random")


def selection_sentence(run: Run) -> Sentence:
    """Return which epoch was kept."""
    trained = (run.metrics.backbone_training, *run.metrics.other_training)
    epochs = [str(one.best_epoch + 1) for one in trained]
    which = "epoch" if len(epochs) == 1 else "epochs"
    return Sentence(f"The epoch of the highest validation AUC was kept ({which} {listed(epochs)})")


def fold_sentences(cam: CamConfig) -> list[Sentence]:
    """Return who read which images where networks were trained on folds; else none."""
    k = cam.folds
    if k == 1:
        return []
    readers = {
        "folds": f"other images were read by all {k} networks, and their {k} probabilities were "
        "averaged",
        "one": "other images were read by one more network, trained on the whole training split",
    }
    return [
        Sentence(
            f"{k} such networks were trained, each on the training split without one of {k} folds "
            "stratified by class"
        ),
        Sentence(
            "Maps, logits and pooled features of a training image came from the network that had "
            f"not seen it; {readers[cam.unseen]}"
        ),
    ]
