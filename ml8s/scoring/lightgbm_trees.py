"""Checks that a LightGBM text is whole before LightGBM reads it.

LightGBM parses trees in OpenMP threads, where an error ends the process, and follows children without looking at
bounds. So every tree is looked at here first: its fields, the length and the numbers of its arrays, and that each
child lies behind its parent, so that every path ends in a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.config.metrics import BINARY, MULTICLASS, RANKING
from ml8s.scoring.shape import Shape

END: Final = "end of trees\n"
_HEADER: Final = re.compile(r"tree\nversion=v4\n(?:[a-z_]+=[^\n]*\n)+\n")
_KEYS: Final = [
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
    "feature_infos",
    "tree_sizes",
]
_PER_INNER: Final = (
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "internal_value",
    "internal_weight",
    "internal_count",
)
_PER_LEAF: Final = ("leaf_value", "leaf_weight", "leaf_count")
_CATEGORICAL: Final = ("cat_boundaries", "cat_threshold")
_WHOLE: Final = re.compile(r"-?\d{1,10}(?: -?\d{1,10})*")
_NUMBERS: Final = re.compile(r"[-+0-9.einfa]+(?: [-+0-9.einfa]+)*")
_LARGEST_INT: Final = 2**31 - 1


def check_text(text: str, shape: Shape) -> None:
    """Raises ValueError, with the reason, where a text is no whole LightGBM model of this shape."""
    header = _HEADER.match(text)
    if header is None or not text.endswith(END):
        raise ValueError("it is no complete LightGBM text of version v4")
    lines = [line.partition("=")[::2] for line in header[0].splitlines()[2:-1]]
    fields = dict(lines)
    if [key for key, _ in lines] != _KEYS or not _of_shape(fields, shape):
        raise ValueError(f"it is no LightGBM model of {shape.features} features for a {shape.kind} target")
    sizes = fields["tree_sizes"].split(" ")
    if not all(re.fullmatch(r"\d{1,10}", size) for size in sizes):
        raise ValueError("its header is damaged")
    start = header.end()
    for number, size in enumerate(map(int, sizes)):
        _check_tree(text[start : start + size], number, shape.features)
        start += size
    if text[start:] != END:
        raise ValueError("its trees do not have the sizes that its header says")


def _of_shape(fields: Mapping[str, str], shape: Shape) -> bool:
    classes = shape.classes if shape.kind == MULTICLASS else 1
    objectives = {
        BINARY: ("binary sigmoid:1",),
        MULTICLASS: (f"multiclass num_class:{classes}",),
        RANKING: ("lambdarank",),
    }.get(shape.kind, ("regression", "regression_l1"))
    names = " ".join(f"Column_{feature}" for feature in range(shape.features))
    infos = fields["feature_infos"].split(" ")
    return (
        (fields["num_class"], fields["num_tree_per_iteration"]) == (str(classes), str(classes))
        and (fields["label_index"], fields["max_feature_idx"]) == ("0", str(shape.features - 1))
        and fields["objective"] in objectives
        and fields["feature_names"] == names
        and len(infos) == shape.features
        and all(re.fullmatch(r"none|\[[-+0-9.einfa]+:[-+0-9.einfa]+\]|-?\d+(?::-?\d+)*", info) for info in infos)
    )


def _check_tree(block: str, number: int, features: int) -> None:
    lines = [line.partition("=")[::2] for line in block.rstrip("\n").split("\n")]
    fields = dict(lines)
    if not block.endswith("\n\n") or len(fields) != len(lines) or not lines or lines[0] != ("Tree", str(number)):
        raise ValueError(f"its tree {number} is damaged")
    leaves, categorical = _count(fields, "num_leaves"), _count(fields, "num_cat")
    expected = {"Tree", "num_leaves", "num_cat", "is_linear", "shrinkage", *_PER_INNER, *_PER_LEAF}
    if set(fields) != expected | (set(_CATEGORICAL) if categorical else set()):
        raise ValueError(f"its tree {number} lacks a field or has one too many")
    if leaves < 1 or fields["is_linear"] != "0" or _numbers(fields, "shrinkage", 1).size != 1:
        raise ValueError(f"its tree {number} is damaged")
    arrays = {name: _numbers(fields, name, leaves - 1) for name in _PER_INNER}
    arrays |= {name: _numbers(fields, name, leaves) for name in _PER_LEAF if leaves > 1 or fields[name]}
    _check_children(arrays, leaves, features, number)
    if categorical:
        _check_categories(fields, arrays, categorical, number)


def _check_children(arrays: Mapping[str, NDArray[np.float64]], leaves: int, features: int, number: int) -> None:
    inner = np.arange(leaves - 1)
    for side in ("left_child", "right_child"):
        child = arrays[side]
        below = np.where(child < 0, -1 - child < leaves, (child > inner) & (child < leaves - 1))
        if not below.all():
            raise ValueError(f"a child in its tree {number} lies outside the tree")
    feature = arrays["split_feature"]
    if ((feature < 0) | (feature >= features)).any():
        raise ValueError(f"its tree {number} compares a feature that the model does not have")


def _check_categories(
    fields: Mapping[str, str], arrays: Mapping[str, NDArray[np.float64]], categorical: int, number: int
) -> None:
    bounds = _numbers(fields, "cat_boundaries", categorical + 1)
    words = fields["cat_threshold"].count(" ") + 1
    _numbers(fields, "cat_threshold", words)
    chosen = arrays["threshold"][arrays["decision_type"].astype(np.int64) % 2 == 1]
    rising = bounds[0] == 0 and (np.diff(bounds) >= 0).all() and bounds[-1] == words
    if not rising or ((chosen < 0) | (chosen >= categorical) | (chosen % 1 != 0)).any():
        raise ValueError(f"the categories of its tree {number} are damaged")


def _count(fields: Mapping[str, str], name: str) -> int:
    if not re.fullmatch(r"\d{1,7}", fields.get(name, "")):
        raise ValueError(f"its field {name} is damaged")
    return int(fields[name])


def _numbers(fields: Mapping[str, str], name: str, length: int) -> NDArray[np.float64]:
    """The numbers of one array, of which there must be ``length``."""
    text = fields[name]
    if length == 0 and not text:
        return np.empty(0)
    whole = not name.startswith(("split_gain", "threshold", "internal_v", "internal_w", "leaf_v", "leaf_w", "shrink"))
    values = np.array(text.split(" "), dtype=np.float64)
    if not (_WHOLE if whole else _NUMBERS).fullmatch(text) or len(values) != length:
        raise ValueError(f"its array {name} is damaged")
    if whole and (np.abs(values) > (2 * _LARGEST_INT + 1 if name == "cat_threshold" else _LARGEST_INT)).any():
        raise ValueError(f"its array {name} is damaged")
    return values
