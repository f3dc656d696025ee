"""Checks that an XGBoost model is whole before XGBoost reads it.

XGBoost follows children and features without looking at bounds, so a damaged array could end the process. Every tree
is looked at here first: the length and the numbers of its arrays, and that each child lies behind its parent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.config.metrics import BINARY, MULTICLASS, RANKING
from ml8s.scoring.shape import Shape
from ml8s.scoring.ubjson import UbjValue, decode

OBJECTIVES: Final[Mapping[str, str]] = {
    BINARY: "binary:logistic",
    MULTICLASS: "multi:softprob",
    RANKING: "rank:ndcg",
}
OF_VALUES: Final = ("reg:squarederror", "reg:absoluteerror")
_ARRAYS: Final[Mapping[str, str]] = {
    "base_weights": ">f4",
    "default_left": ">u1",
    "left_children": ">i4",
    "loss_changes": ">f4",
    "parents": ">i4",
    "right_children": ">i4",
    "split_conditions": ">f4",
    "split_indices": ">i4",
    "split_type": ">u1",
    "sum_hessian": ">f4",
}
_EMPTY: Final = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?(E-?\d+)?")
_NO_PARENT: Final = 2**31 - 1


def check_model(data: bytes, shape: Shape) -> None:
    """Raises ValueError, with the reason, where bytes are no whole XGBoost model of this shape."""
    top = _object(decode(data), "version", "learner")
    learner = _object(
        top["learner"],
        "attributes",
        "feature_names",
        "feature_types",
        "gradient_booster",
        "learner_model_param",
        "objective",
    )
    booster = _object(learner["gradient_booster"], "model", "name")
    objective = learner["objective"]
    allowed = (OBJECTIVES[shape.kind],) if shape.kind in OBJECTIVES else OF_VALUES
    named = isinstance(objective, dict) and objective.get("name") in allowed
    flat = all(_strings(part) for part in _parameters(objective))
    empty = learner["attributes"] == {} and learner["feature_names"] == [] and learner["feature_types"] == []
    if not named or not flat or not empty or booster["name"] != "gbtree" or not _version(top["version"]):
        raise ValueError(f"it is no XGBoost model for a {shape.kind} target")
    _check_learner(learner["learner_model_param"], shape)
    _check_forest(booster["model"], shape)


def _check_learner(value: UbjValue, shape: Shape) -> None:
    head = _object(value, "base_score", "boost_from_average", "num_class", "num_feature", "num_target")
    classes = shape.classes if shape.kind == MULTICLASS else 0
    numbers = (head["num_class"], head["num_feature"], head["num_target"])
    if numbers != (str(classes), str(shape.features), "1"):
        raise ValueError(f"it is no XGBoost model of {shape.features} features for a {shape.kind} target")
    base = head["base_score"]
    if not isinstance(base, str) or head["boost_from_average"] not in ("0", "1"):
        raise ValueError("its base score is damaged")
    scores = base.removeprefix("[").removesuffix("]").split(",")
    if len(scores) != max(classes, 1) or not all(_NUMBER.fullmatch(score) for score in scores):
        raise ValueError("its base score is damaged")


def _check_forest(value: UbjValue, shape: Shape) -> None:
    model = _object(value, "cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees")
    trees, groups, rounds = model["trees"], model["tree_info"], model["iteration_indptr"]
    cats = _object(model["cats"], "enc", "feature_segments", "sorted_idx")
    if not isinstance(trees, list) or any(_length(part) for part in cats.values()):
        raise ValueError("its list of trees is damaged")
    per_round = shape.classes if shape.kind == MULTICLASS else 1
    whole = (
        model["gbtree_model_param"] == {"num_parallel_tree": "1", "num_trees": str(len(trees))}
        and rounds == list(range(0, len(trees) + 1, per_round))
        and groups == [number % per_round for number in range(len(trees))]
    )
    if not whole or len(trees) % per_round:
        raise ValueError("its list of trees is damaged")
    for number, tree in enumerate(trees):
        _check_tree(tree, number, shape.features)


def _check_tree(value: UbjValue, number: int, features: int) -> None:
    tree = _object(value, "id", "tree_param", *_ARRAYS, *_EMPTY)
    arrays = {name: _array(tree[name], dtype, number) for name, dtype in _ARRAYS.items()}
    nodes = len(arrays["left_children"])
    head = {"num_deleted": "0", "num_feature": str(features), "num_nodes": str(nodes), "size_leaf_vector": "1"}
    lengths = {len(array) for array in arrays.values()}
    if tree["id"] != number or tree["tree_param"] != head or lengths != {nodes} or nodes < 1:
        raise ValueError(f"its tree {number} is damaged")
    if any(_length(tree[name]) for name in _EMPTY) or arrays["split_type"].any() or (arrays["default_left"] > 1).any():
        raise ValueError(f"its tree {number} is damaged")
    left, right, own = arrays["left_children"], arrays["right_children"], np.arange(nodes)
    inner = left != -1
    inside = (left > own) & (left < nodes) & (right > own) & (right < nodes)
    parents = arrays["parents"]
    below = (parents[1:] >= 0) & (parents[1:] < own[1:])
    if not (inside | (~inner & (right == -1))).all() or parents[0] != _NO_PARENT or not below.all():
        raise ValueError(f"a child in its tree {number} lies outside the tree")
    split = arrays["split_indices"]
    if ((split < 0) | (split >= features)).any():
        raise ValueError(f"its tree {number} compares a feature that the model does not have")


def _object(value: UbjValue, *keys: str) -> dict[str, UbjValue]:
    if not isinstance(value, dict) or set(value) != set(keys):
        raise ValueError(f"it has no object of {', '.join(keys[:3])}, …")
    return value


def _array(value: UbjValue, dtype: str, number: int) -> NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype != np.dtype(dtype):
        raise ValueError(f"an array of its tree {number} is damaged")
    return value


def _length(value: UbjValue) -> int:
    return len(value) if isinstance(value, list | np.ndarray) else 1


def _parameters(objective: UbjValue) -> list[UbjValue]:
    """The objective's own parameters: every entry but its name."""
    return [part for key, part in objective.items() if key != "name"] if isinstance(objective, dict) else []


def _strings(value: UbjValue) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for part in value.values())


def _version(value: UbjValue) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(isinstance(part, int) for part in value)
