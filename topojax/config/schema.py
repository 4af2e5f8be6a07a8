"""The sections of the configuration, frozen: types, bounds and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from topojax.config.preparation import ManifestConfig, PrepareConfig
from topojax.config.section import MOST_PIXELS, MOST_ROUNDS, MOST_ROWS, Section


class TrainingConfig(Section):
    """Training of a network by epochs; the validation split chooses one."""

    epochs: int = Field(100, ge=1, le=MOST_ROUNDS)
    batch_size: int = Field(32, ge=2, le=MOST_ROWS)
    """Images an update of the weights, on all devices together."""
    learning_rate: float = Field(1e-3, gt=0)
    """Of Adam; the peak where a schedule changes it."""
    schedule: Literal["constant", "cosine", "one-cycle"] = "constant"
    """Of the learning rate over all updates; see `topojax.training.loop.optimiser`."""
    warmup_epochs: int = Field(0, ge=0)
    """Epochs in which the learning rate grows linearly from 0; `one-cycle` has a rise of its
    own."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of activations in training; weights, statistics, loss and Adam's moments are float32, and
    so is every network after training."""
    accumulate: int = Field(1, ge=1)
    """Parts of a batch that are computed one after the other, to save memory; batch
    normalisation then sees a part at a time."""
    flip_axes: tuple[Annotated[int, Field(ge=0, le=2)], ...] = ()
    """Spatial axes along which training images are turned over, each with probability 1/2."""
    shift: int = Field(0, ge=0, le=MOST_PIXELS)
    """Training images are moved by up to so many voxels along every axis, edges repeated."""

    @model_validator(mode="after")
    def _fits_together(self) -> TrainingConfig:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"accumulate={self.accumulate} must divide batch_size={self.batch_size}"
            )
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs={self.warmup_epochs} must be below epochs={self.epochs}"
            )
        if self.warmup_epochs and self.schedule == "one-cycle":
            raise ValueError("schedule=one-cycle has a rise of its own; leave warmup_epochs at 0")
        if len(set(self.flip_axes)) != len(self.flip_axes):
            raise ValueError(f"an axis is named twice in flip_axes={list(self.flip_axes)}")
        return self


class BackboneConfig(TrainingConfig):
    """The network that the CAMs are taken of (paper, section 3)."""

    name: str = "auto"
    """One of `topojax.models.list_models()`, or `auto`: resnet18 for 2-D images, r3d_18 for
    volumes."""
    weights: Annotated[str | None, AfterValidator(lambda w: None if w == "none" else w)] = None
    """`imagenet` or `kinetics400`: what torchvision publishes for the network, downloaded by
    `topojax weights fetch` (r3d_18 from `imagenet`: resnet18's kernels, inflated); or the path of a
    state dict in torchvision's names (npz, pth, safetensors); None or `none`: from scratch."""
    class_weights: Literal["none", "balanced"] = "none"
    """`balanced`: a sample of class c weighs n / (k n_c) in the training loss."""
    rebasing_images: int = Field(256, ge=1, le=MOST_ROWS)
    """Training images whose statistics are taken over where a weight file has its own folded
    away."""


class CamConfig(Section):
    """Class activation maps of the predicted class."""

    method: Literal["gradcam", "gradcam++", "scorecam"] = "gradcam"
    """`scorecam` runs the network once for every channel of every layer."""
    layers: tuple[str, ...] = ()
    """Stages of the network; none: those that it names itself (layer2, layer3 and layer4 of the
    residual networks)."""
    batch_size: int = Field(32, ge=1, le=MOST_ROWS)
    target: Literal["predicted", "label"] = "predicted"
    """Whose logit is explained. `label`, the true class, exists to show the leak: the ROI alone
    then tells the classes apart, and no score means anything."""
    rescale_fused: bool = True
    """Scale the fused map to [0, 1] before it is thresholded; the authors' script does not."""
    folds: int = Field(1, ge=1, le=100)
    """K > 1: what a training image shows (maps, logits, embedding) comes from a network that was
    trained on the other K - 1 folds and has not seen it. 1: from the one network, which has."""
    unseen: Literal["folds", "one"] = "folds"
    """Who reads validation and test images where there are folds: all K networks, whose
    probabilities are averaged; or `one` more, trained on all training images."""
    memory_mb: int = Field(256, ge=0)
    """Maps that take more megabytes (10^6 bytes) than this are kept in a file instead of in memory;
    a killed fit goes on from there. So are the images of a split under all filtrations, where these
    are more than the images themselves; a killed fit filters anew."""

    @model_validator(mode="after")
    def _no_layer_twice(self) -> CamConfig:
        if len(set(self.layers)) != len(self.layers):
            raise ValueError(f"a layer is named twice in {list(self.layers)}")
        return self


class SearchConfig(Section):
    """Fusion weights and threshold: searched by differential evolution, or given."""

    method: Literal["evolution", "none", "single", "uniform"] = "evolution"
    """`none`: `weights` and `tau` as given; `single`: the last of the CAM layers alone; `uniform`:
    all layers alike; the last three need `tau` (paper, tables 4, 5, 11 and 12)."""
    weights: tuple[Annotated[float, Field(ge=0)], ...] = Field((), max_length=1000)
    """Of the CAM layers, for `none`; divided by their sum."""
    objective: str = "cv-auc"
    """What candidates are judged by: one of `topojax.search.OBJECTIVES`, to which others can be
    added."""
    topology: Literal["auto", "kernels", "device"] = "auto"
    """Who counts candidates' Betti numbers: the kernels on the processor, or the device, where
    several generations are one compiled program (objectives cv-auc and val-auc, grids learnt on the
    training images); `auto`: whichever was measured to be faster. The curves are the same."""
    tau: float | None = Field(None, gt=0, le=1)
    """Fixed threshold, or None: searched in [tau_min, tau_max]."""
    tau_min: float = Field(0.1, gt=0, lt=1)
    tau_max: float = Field(0.9, gt=0, le=1)
    population_per_gene: int = Field(15, ge=2, le=10_000)
    generations: int = Field(50, ge=0, le=MOST_ROUNDS)
    crossover_rate: float = Field(2 / 3, ge=0, le=1)
    """Share of genes that a candidate takes from the mutant. This and the next were chosen by
    benchmarks/evolution.py against scipy's differential_evolution: with these the median of 20
    seeds is at least as deep on all 30 functions of 3 and 4 dimensions, after as many evaluations.
    evosax's own (0.9 and a constant 0.8) and scipy's (0.7 and 0.5 to 1) reach that on 20: scipy's
    members see the better ones of their own generation, ours, evaluated all at once, only those of
    the one before. A higher crossover rate loses on Rastrigin's, a lower one on Rosenbrock's."""
    differential_weight: tuple[
        Annotated[float, Field(ge=0, le=2)], Annotated[float, Field(ge=0, le=2)]
    ] = (0.45, 0.6)
    """Range from which the factor of differences is drawn anew every generation ("dither")."""
    patience: int | None = Field(None, ge=1)
    """Stop after so many generations without a better candidate; None: go through with all."""
    tolerance: float | None = Field(None, gt=0)
    """Stop when the population's fitness spreads (standard deviation) by no more than this share of
    its mean, scipy's rule; None: never."""
    folds: int = Field(3, ge=2, le=1000)
    classifier_epochs: int = Field(15, ge=1, le=MOST_ROUNDS)
    """Epochs of a candidate's classifier; the final one trains `classifier.epochs`. This default
    and the next two rank candidates nearly as 100 epochs do, for a twentieth of the time
    (benchmarks/search_fidelity.py)."""
    classifier_batch_size: int = Field(128, ge=2, le=MOST_ROWS)
    """Larger than the final classifier's: hundreds of them train side by side."""
    classifier_learning_rate: float = Field(1e-2, gt=0)
    """Of Adam."""
    searches: int = Field(1, ge=1, le=10_000)
    """Independent searches, of which image i follows number i modulo `searches`; the authors'
    script searches anew for every image, with a fitness that does not depend on it. Honest
    presets have one."""

    @model_validator(mode="after")
    def _fits_together(self) -> SearchConfig:
        if self.tau_min >= self.tau_max:
            raise ValueError(f"tau_min={self.tau_min} must be below tau_max={self.tau_max}")
        if self.differential_weight[0] >= self.differential_weight[1]:
            raise ValueError(
                f"differential_weight={list(self.differential_weight)} must be a range, low < high"
            )
        if self.tau is None and self.method != "evolution":
            raise ValueError(f"method={self.method} searches no threshold; give tau, such as 0.6")
        if self.tau is None and self.objective == "map-auc":
            raise ValueError("objective=map-auc does not depend on tau; give tau, such as 0.6")
        if (self.method == "none") != bool(self.weights):
            raise ValueError("method=none and weights go together; give one weight a CAM layer")
        if self.weights and not sum(self.weights) > 0:
            raise ValueError(f"weights={list(self.weights)} are all zero; give one above zero")
        return self


class TopologyConfig(Section):
    """From image and ROI to descriptor (METHOD.md, "Constructions" to "Descriptor")."""

    construction: Literal["T", "V"] = "T"
    filtrations: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        ("intensity",), min_length=1, max_length=1000
    )
    """By whose values voxels enter, from below; names and banks are in METHOD.md, "Filtrations".
    `-intensity`, with a minus sign: from above, from bright to dark."""
    background: Literal["exclude", "zero"] = "exclude"
    grid: Literal["fixed", "quantile", "sample", "giotto"] = "fixed"
    """`fixed` and `quantile` are learnt on the training images and shared: even steps, or equally
    many voxels between thresholds; `sample` and `giotto` are made for each image anew."""
    n_thresholds: int = Field(50, ge=2, le=2**16)
    volumes: bool = False
    """Volumes of the sublevel sets, over V', beside the Betti curves. The search does not see them,
    and they are reported alone whatever this says."""
    empty_roi: Literal["keep", "drop"] = "keep"
    """`keep`: an empty ROI becomes the map's maximum. `drop`: the image is left out of training and
    scores, as the authors' script does; how many is reported."""

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, values: Any) -> Any:
        # Until there were banks, one filtration was known by its direction.
        if not isinstance(values, Mapping) or "filtration" not in values:
            return values
        names = {"sublevel": ("intensity",), "superlevel": ("-intensity",)}
        direction = values["filtration"]
        if "filtrations" in values or not isinstance(direction, str) or direction not in names:
            raise ValueError(
                "topology.filtration is now topology.filtrations, a list of names; for sublevel "
                "write ['intensity'], for superlevel ['-intensity']"
            )
        others = {key: value for key, value in values.items() if key != "filtration"}
        return others | {"filtrations": names[direction]}


class ClassifierConfig(Section):
    """The classifier on descriptors: the paper's MLP (section 4.1), or one of scikit-learn's."""

    model: Literal["mlp", "logistic", "gradient-boosting", "extra-trees", "auto"] = "mlp"
    """`auto`: one of scikit-learn's with its settings, chosen by cross-validation inside the
    training split (METHOD.md, "Classifier"). The search judges its candidates by MLPs whatever
    this says."""

    features: Literal["topology", "embedding", "topology+embedding", "topology+logits"] = "topology"
    """The descriptor, the backbone's pooled features (no ROI has a say in them), or both; or a
    stack of the descriptor's classifier and the network's logits, which needs `cam.folds`."""
    hidden: tuple[Annotated[int, Field(ge=1, le=2**14)], ...] = Field((128, 64), max_length=16)
    """Widths of the MLP's hidden layers. This and the next four are of `mlp` and of the search's
    classifiers alone."""
    epochs: int = Field(100, ge=1, le=MOST_ROUNDS)
    batch_size: int = Field(32, ge=2, le=MOST_ROWS)
    learning_rate: float = Field(1e-3, gt=0)
    standardise: bool = True
    """Descriptors to zero mean and unit variance, by statistics of the training split. `logistic`
    always has them so; trees do not depend on it."""
    logistic_c: float = Field(0.01, gt=0, le=1e6)
    """Of `logistic`, the inverse of its L2 penalty, which thousands of features need large; `auto`
    tries powers of ten from 1e-4 to 1 instead."""
    n_trees: int = Field(300, ge=1, le=10_000)
    """Of `extra-trees`."""
    boosting_rounds: int = Field(100, ge=1, le=10_000)
    """Of `gradient-boosting`: trees a class, or of two classes trees."""
    selection_folds: int = Field(5, ge=2, le=1000)
    """Stratified folds of the training split by which `auto` chooses."""
    temperature_bounds: tuple[
        Annotated[float, Field(ge=1e-3, le=1)], Annotated[float, Field(ge=1, le=1e3)]
    ] = (0.05, 20.0)
    """Between which the temperature of the next is looked for."""
    calibrate: bool = False
    """Divide logits by the temperature that fits the validation split best (Guo et al. 2017). The
    report says either way what it would change."""


class EvaluationConfig(Section):
    """Stratified bootstrap intervals of scores, and what an estimator holds out to choose by."""

    calibration_bins: int = Field(15, ge=1, le=1000)
    """Of equal width, of reliability curves and calibration errors; 15 as in Guo et al. (2017), so
    that numbers can be compared with published ones."""
    validation_share: float = Field(0.2, gt=0, lt=1)
    """Of the training images, held out to choose the backbone's epoch by where the estimator is
    given no validation images."""
    n_bootstrap: int = Field(1000, ge=100, le=100_000)
    level: float = Field(0.95, gt=0, lt=1)


class Config(Section):
    """Everything that changes a number."""

    preset: Literal["sound", "paper", "official"] = "sound"
    seed: int = Field(0, ge=0, lt=2**32)
    size: int | None = Field(None, ge=1, le=MOST_PIXELS)
    """Pixels along every axis after linear resizing; None: as the data come."""
    prepare: PrepareConfig = PrepareConfig()
    manifest: ManifestConfig = ManifestConfig()
    backbone: BackboneConfig = BackboneConfig()
    cam: CamConfig = CamConfig()
    search: SearchConfig = SearchConfig()
    topology: TopologyConfig = TopologyConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @model_validator(mode="after")
    def _fits_together(self) -> Config:
        defects = {
            "cam.target=label": self.cam.target == "label",
            "search.searches above 1": self.search.searches > 1,
            "topology.empty_roi=drop": self.topology.empty_roi == "drop",
        }
        if self.classifier.features == "topology+logits" and self.cam.folds == 1:
            raise ValueError(
                "classifier.features=topology+logits with cam.folds=1: logits of a network that "
                "has seen the training images say nothing of others; set cam.folds to 2 or more"
            )
        shown = [name for name, is_shown in defects.items() if is_shown]
        if self.cam.folds > 1 and shown:
            raise ValueError(
                f"cam.folds={self.cam.folds} and {shown[0]} exclude each other: the latter shows "
                "what is wrong with other scripts, which have no folds; set cam.folds=1"
            )
        return self
