"""What candidates are judged by, by name (`search.objective`); lower is better.

| name | classifier trained on | fitness |
|---|---|---|
| `cv-auc` | folds of the training split | 1 - mean AUC on the folds held out |
| `val-auc` | the training split | 1 - AUC on the validation split (paper, section 4.1) |
| `train-loss` | the training split | its cross-entropy there (paper, section 3) |
| `map-auc` | none | 1 - AUC of the fused maps' means, validation split (paper, section 3) |
| `val-resubstitution` | the validation split | 1 - AUC there (the authors' public script) |

`train-loss` and `val-resubstitution` judge a classifier by the samples that it was trained on: they
reward what can be memorised. `register_objective` adds others.
"""

from topojax.search.objectives.classified import (
    cv_auc,
    train_loss,
    val_auc,
    val_resubstitution,
)
from topojax.search.objectives.fused_map import fused_map_means, map_auc
from topojax.search.objectives.registry import (
    OBJECTIVES,
    Candidates,
    Fitness,
    Objective,
    Task,
    find_objective,
    objective_score,
    register_objective,
)

register_objective(
    "cv-auc",
    cv_auc,
    splits=("train",),
    note="The validation split chose the backbone's epoch; the ROI's rule was found by "
    "cross-validation inside the training split.",
)
register_objective(
    "val-auc",
    val_auc,
    splits=("train", "val"),
    note="The validation split chose the backbone's epoch and the ROI's rule, so its scores are "
    "optimistic.",
)
register_objective(
    "train-loss",
    train_loss,
    splits=("train",),
    is_auc=False,
    is_resubstitution=True,
    note="The validation split chose the backbone's epoch; the ROI's rule is the one that the "
    "training split can be fitted best with.",
    # A loss that is shown as the training split's passes for no score of other images.
    defect="",
)
register_objective(
    "map-auc",
    map_auc,
    splits=("val",),
    reads="map means",
    note="The validation split chose the backbone's epoch and, by the mean of the fused map, the "
    "ROI's rule, so its scores are optimistic.",
)
register_objective(
    "val-resubstitution",
    val_resubstitution,
    splits=("val",),
    is_resubstitution=True,
    note="The validation split chose the backbone's epoch, and the classifiers of the search were "
    "trained and scored on it.",
    defect="the search trains its classifier on the validation images and scores it on the same, "
    "so that the search's score says nothing, and random labels are fitted as well",
)

__all__ = [
    "OBJECTIVES",
    "Candidates",
    "Fitness",
    "Objective",
    "Task",
    "cv_auc",
    "find_objective",
    "fused_map_means",
    "map_auc",
    "objective_score",
    "register_objective",
    "train_loss",
    "val_auc",
    "val_resubstitution",
]
