"""Regions of interest: class activation maps, their fusion, and the search for its rule."""

from __future__ import annotations

from topojax.config import CamConfig, Config, SearchConfig
from topojax.report.writing.sentence import Sentence, counted, listed
from topojax.runs import Fusion, Run

_MAPS = {
    "gradcam": ("Grad-CAM", "selvaraju2017"),
    "gradcam++": ("Grad-CAM++", "chattopadhay2018"),
    "scorecam": ("Score-CAM", "wang2020"),
}

_GIVEN = {
    "none": "The fusion weights and the threshold were given, not searched for",
    "single": "The last of the layers alone was used, at a given threshold",
    "uniform": "All layers had the same weight, at a given threshold",
    "evolution": "There was nothing to search for",
}


def region_sentences(run: Run, config: Config) -> list[Sentence]:
    """Return the sentences of maps, regions and search."""
    fusion = run.metrics.fusion
    return [
        *map_sentences(config.cam),
        fused_sentence(config.cam),
        *search_sentences(run, config),
        rule_sentence(fusion),
        *_empty(run, config),
    ]


def map_sentences(cam: CamConfig) -> list[Sentence]:
    """Return how maps were made, and of which class."""
    name, cited = _MAPS[cam.method]
    layers = listed([*cam.layers])
    of = {
        "predicted": "the class that the network predicted",
        "label": "the true class of every image, of the test split too, so that the regions tell "
        "the classes apart by themselves",
    }
    return [
        Sentence(
            f"Class activation maps of {layers} were computed by {name} for {of[cam.target]}",
            ("nuwagira_topocam", cited),
        ),
        Sentence("Each was enlarged linearly to the grid of the image and scaled to [0, 1]"),
    ]


def fused_sentence(cam: CamConfig) -> Sentence:
    """Return how maps became a region."""
    scaled = ", scaled to [0, 1]," if cam.rescale_fused else ", which was not scaled again,"
    return Sentence(
        "The region of interest (ROI) was where the weighted sum of the maps, of weights that are "
        f"not negative and sum to 1{scaled} was at least τ"
    )


def search_sentences(run: Run, config: Config) -> list[Sentence]:
    """Return how the rule was found."""
    fusion = run.metrics.fusion
    if fusion.searches == 0:
        return [Sentence(_GIVEN[config.search.method])]
    sentences = [_evolution(run, config.search), _objective(config)]
    if fusion.searches > 1:
        sentences.append(
            Sentence(
                f"{fusion.searches} such searches were made, and the i-th image followed the rule "
                f"of search i modulo {fusion.searches}"
            )
        )
    return sentences


def _evolution(run: Run, search: SearchConfig) -> Sentence:
    low, high = search.differential_weight
    what = "the weights" if search.tau is not None else "the weights and τ"
    generations = len(run.metrics.fusion.history) - 1
    members = ""
    if run.arrays.tried is not None and generations >= 0:
        members = f"{len(run.arrays.tried.scores) // (generations + 1)} candidates, "
    stop = _stop(search)
    return Sentence(
        f"Differential evolution (best/1/bin; crossover rate {search.crossover_rate:.3g}, "
        f"differential weight drawn from {low:g} to {high:g} in every generation) searched for "
        f"{what}, from a Latin hypercube of {members}over {counted(generations, 'generation')}"
        f"{stop}",
        ("storn1997", "mckay1979", "lange2022"),
    )


def _stop(search: SearchConfig) -> str:
    rules = []
    if search.patience is not None:
        rules.append(f"after {search.patience} generations without a better candidate")
    if search.tolerance is not None:
        rules.append(f"once the fitness spread by no more than {search.tolerance:g} of its mean")
    if not rules:
        return ""
    return f" of at most {search.generations}, to stop {' or '.join(rules)}"


def _objective(config: Config) -> Sentence:
    return Sentence(f"Candidates were judged by {objective_text(config.search)}")


def objective_text(search: SearchConfig) -> str:
    """Return what candidates were judged by."""
    classifier = (
        f"an MLP on the topological descriptor of their ROIs, trained for "
        f"{counted(search.classifier_epochs, 'epoch')}"
    )
    known = {
        "cv-auc": f"the mean AUC of {classifier}, on the held-out parts of {search.folds} folds of "
        "the training split",
        "val-auc": f"the AUC on the validation split of {classifier} on the training split",
        "train-loss": f"the cross-entropy on the training split of {classifier} on those same "
        "images",
        "map-auc": "the AUC of the fused maps' means on the validation split, of either sign",
        "val-resubstitution": f"the AUC on the validation split of {classifier} on those same "
        "images, which rewards what can be memorised",
    }
    return known.get(search.objective, f"the user-defined objective {search.objective}")


def rule_sentence(fusion: Fusion) -> Sentence:
    """Return the rule that came of it."""
    weights = listed([f"{weight:.3f} ({layer})" for layer, weight in fusion.weights.items()])
    whose = "The rule of the first search" if fusion.searches > 1 else "The rule"
    return Sentence(f"{whose} had the weights {weights}, and τ = {fusion.tau:.3f}")


def _empty(run: Run, config: Config) -> list[Sentence]:
    empty = sum(one.empty for one in run.metrics.roi.values())
    if not empty:
        return []
    fate = "became the maximum of their map"
    if config.topology.empty_roi == "drop":
        fate = "were left out of training and scores together with their images"
    was = "The ROI of 1 image was" if empty == 1 else f"The ROIs of {empty} images were"
    return [Sentence(f"{was} empty, and {fate}")]
