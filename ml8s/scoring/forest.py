"""Forests as plain arrays: random forests and extra trees, exact to the bit against scikit-learn on one thread.

Nodes of all trees lie one after another; ``offset[t]`` is the first node of tree t. A node with ``left`` -1 is a leaf.
Rows go left where float32(x) <= threshold, and the trees' values are added in the order of trees and divided by their
number: that is what scikit-learn's ``predict_proba`` and ``predict`` do with ``n_jobs=1``. NaN is replaced by the
medians of the fitting rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import write_json
from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.plain_arrays import write_array
from ml8s.scoring.arrays import read_array
from ml8s.scoring.refusal import refused
from ml8s.scoring.shape import Floats, Shape, within_float32

SCHEMA: Final = 1
_ARRAYS: Final[Mapping[str, np.dtype[Any]]] = {
    "feature": np.dtype("<i4"),
    "left": np.dtype("<i4"),
    "median": np.dtype("<f8"),
    "offset": np.dtype("<i8"),
    "right": np.dtype("<i4"),
    "threshold": np.dtype("<f8"),
    "value": np.dtype("<f8"),
}
FILES: Final = ("forest.json", *(f"{name}.npy" for name in _ARRAYS))
# Rows x trees that one sweep holds at once: 8 MiB of node numbers.
_SWEEP: Final = 1 << 20
# Below so many rows all trees are walked at once.
_FEW_ROWS: Final = 64


@dataclass(frozen=True, slots=True)
class ForestArrays:
    """The arrays of a forest.

    Attributes:
        offset: [trees + 1], the first node of each tree, then the number of nodes.
        left, right: [nodes], the children's numbers within their tree; -1 at a leaf.
        feature: [nodes], the column that a node compares.
        threshold: [nodes], with what it compares it.
        value: [nodes, outputs], the share of each class, or the mean.
        median: [features], what stands for NaN.
    """

    offset: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    value: Floats
    median: Floats


class ForestMember:
    """A fitted forest."""

    family = "forest"

    def __init__(self, arrays: ForestArrays, shape: Shape) -> None:
        self._arrays = arrays
        self._shape = shape
        starts = arrays.offset[:-1]
        base = np.repeat(starts, np.diff(arrays.offset))
        own = np.arange(len(arrays.left))
        leaf = arrays.left < 0
        # A leaf points at itself, so a sweep needs no mask.
        self._left = np.where(leaf, own, arrays.left + base)
        self._right = np.where(leaf, own, arrays.right + base)
        self._feature = np.where(leaf, 0, arrays.feature)

    def score(self, x: Floats, threads: int = 1) -> Floats:
        """See ``Member.score``; the work is numpy's and takes one thread."""
        if len(x) == 0:
            return self._shape.empty()
        step = max(1, _SWEEP // (len(self._arrays.offset) - 1))
        parts = [self._outputs(x[start : start + step]) for start in range(0, len(x), step)]
        outputs = np.concatenate(parts)
        if self._shape.kind == MULTICLASS:
            return outputs
        return np.ascontiguousarray(outputs[:, 1 if self._shape.kind == BINARY else 0])

    def _outputs(self, x: Floats) -> Floats:
        """The mean of the trees' values [n, outputs]."""
        filled = np.where(np.isnan(x), self._arrays.median, x)
        columns = within_float32(filled).astype(np.float32)
        leaves = self._leaves(columns) if len(x) < _FEW_ROWS else self._leaves_by_tree(columns)
        total = np.zeros((len(x), self._arrays.value.shape[1]))
        for tree in range(leaves.shape[1]):
            total += self._arrays.value[leaves[:, tree]]
        total /= leaves.shape[1]
        return total

    def _leaves(self, columns: NDArray[np.float32]) -> NDArray[np.int64]:
        """The leaf that each row reaches in each tree [n, trees]."""
        node = np.tile(self._arrays.offset[:-1], (len(columns), 1))
        row = np.arange(len(columns))[:, None]
        while True:
            below = columns[row, self._feature[node]] <= self._arrays.threshold[node]
            following = np.where(below, self._left[node], self._right[node])
            if np.array_equal(following, node):
                return node
            node = following

    def _leaves_by_tree(self, columns: NDArray[np.float32]) -> NDArray[np.int64]:
        """The same, one tree after another: for many rows a tree stays in the processor's cache."""
        flat, width = np.ascontiguousarray(columns).ravel(), columns.shape[1]
        leaves = np.empty((len(columns), len(self._arrays.offset) - 1), dtype=np.int64)
        for tree, root in enumerate(self._arrays.offset[:-1].tolist()):
            node = np.full(len(columns), root)
            row = np.arange(len(columns))
            while len(row):
                at = node[row]
                below = flat[row * width + self._feature[at]] <= self._arrays.threshold[at]
                following = np.where(below, self._left[at], self._right[at])
                node[row] = following
                row = row[self._arrays.left[following] >= 0]
            leaves[:, tree] = node
        return leaves

    def write(self, folder: Path) -> None:
        """See ``Member.write``."""
        write_json(
            folder / FILES[0],
            {"schema": SCHEMA, "kind": self._shape.kind, "trees": len(self._arrays.offset) - 1},
        )
        for name, dtype in _ARRAYS.items():
            write_array(folder / f"{name}.npy", getattr(self._arrays, name).astype(dtype))


def read(folder: Path, shape: Shape) -> ForestMember:
    """Opens a forest; raises ModelFileRefused where its arrays do not make trees of this shape."""
    path = folder / FILES[0]
    try:
        head = json.loads(path.read_bytes())
        trees = int(head["trees"])
        known = head == {"schema": SCHEMA, "kind": shape.kind, "trees": trees}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refused(path, "it is damaged") from None
    if not known or trees < 1:
        raise refused(path, f"it is no forest of schema {SCHEMA} for a {shape.kind} target")
    outputs = max(shape.classes, 1)
    lengths: dict[str, tuple[int | None, ...]] = {
        "median": (shape.features,),
        "offset": (trees + 1,),
        "value": (None, outputs),
    }
    read_all = {name: read_array(folder, name, dtype, lengths.get(name, (None,))) for name, dtype in _ARRAYS.items()}
    arrays = ForestArrays(**read_all)
    _check_trees(path, arrays, shape)
    return ForestMember(arrays, shape)


def _check_trees(path: Path, arrays: ForestArrays, shape: Shape) -> None:
    """Every child lies behind its parent in the same tree, so that each sweep ends; every feature exists."""
    nodes = len(arrays.left)
    sizes = np.diff(arrays.offset)
    lengths_agree = all(len(a) == nodes for a in (arrays.right, arrays.feature, arrays.threshold, arrays.value))
    if not lengths_agree or arrays.offset[0] != 0 or arrays.offset[-1] != nodes or (sizes < 1).any():
        raise refused(path, "its arrays do not have one length")
    own = np.arange(nodes) - np.repeat(arrays.offset[:-1], sizes)
    size = np.repeat(sizes, sizes)
    inner = arrays.left >= 0
    for child in (arrays.left, arrays.right):
        if ((child[inner] <= own[inner]) | (child[inner] >= size[inner])).any():
            raise refused(path, "a child lies outside its tree")
    if ((arrays.feature[inner] < 0) | (arrays.feature[inner] >= shape.features)).any():
        raise refused(path, "a node compares a feature that the model does not have")
    if not (np.isfinite(arrays.value).all() and np.isfinite(arrays.median).all()):
        raise refused(path, "a value is not finite")
