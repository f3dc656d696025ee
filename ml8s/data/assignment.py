"""Assigns rows to folds: the four strategies, as functions of arrays, with their promises asserted.

A share is a fraction of rows; ``tune`` is a share of what ``test`` leaves. ``test`` is 0 where validation.parquet is
the test fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ml8s.data.folds import DROPPED, FIT, TEST, TUNE
from ml8s.data.hashing import Words
from ml8s.errors import FoldsImpossible

FoldCodes: TypeAlias = npt.NDArray[np.int8]
Integers: TypeAlias = npt.NDArray[np.int64]

LEAST_OF_A_CLASS: Final = 10


def promise(kept: object, text: str) -> None:
    """Raises AssertionError, a bug of ML8s, where a promise of the folds is broken."""
    if not kept:
        raise AssertionError(f"a promise of the folds is broken: {text}")


def _limit(share: float) -> np.uint64:
    """The least hash that is not within the first ``share`` of all hashes."""
    return np.uint64(min(int(share * 2.0**64), 2**64 - 1))


def folds_by_hash(hashes: Words, test: float, tune: float) -> FoldCodes:
    """Folds [rows] by each row's hash alone: no other row plays a part, so appending or shuffling moves none.

    ``hashes`` are those of rows (strategy random) or of their group's value (strategy group): equal ones share a fold.
    """
    folds = np.full(len(hashes), FIT, dtype=np.int8)
    folds[hashes < _limit(test + (1.0 - test) * tune)] = TUNE
    folds[hashes < _limit(test)] = TEST
    return folds


def stratified_folds(hashes: Words, classes: Integers, test: float, tune: float) -> FoldCodes:
    """Folds [rows] by the rank of each row's hash within its class; equal rows of a class share a fold.

    Each class gives its share, rounded to whole rows, to each fold. The order of rows plays no part.
    """
    folds = np.full(len(hashes), FIT, dtype=np.int8)
    if not len(hashes):
        return folds
    order = np.lexsort((hashes, classes))
    place = np.arange(len(order))
    new_class = np.r_[True, np.diff(classes[order]) != 0]
    new_hash = new_class | np.r_[True, hashes[order][1:] != hashes[order][:-1]]
    # Equal hashes take the rank of the first of them, so that they fall on one side of each cut.
    rank = _last_true(new_hash, place) - _last_true(new_class, place)
    size = np.bincount(np.cumsum(new_class) - 1)[np.cumsum(new_class) - 1]
    in_test = np.round(size * test)
    in_tune = np.round((size - in_test) * tune)
    folds[order[rank < in_test + in_tune]] = TUNE
    folds[order[rank < in_test]] = TEST
    return folds


def _last_true(marks: npt.NDArray[np.bool_], place: Integers) -> Integers:
    """For each place the last one, itself included, that is marked; the first is."""
    last: Integers = np.maximum.accumulate(np.where(marks, place, 0))
    return last


@dataclass(frozen=True, slots=True)
class TimeFolds:
    """Folds of train.parquet's rows by time, and the first times of tune and test in µs since 1970 UTC.

    ``overlapping`` counts rows of train.parquet that are not before validation.parquet begins.
    """

    folds: FoldCodes
    tune_from: int
    test_from: int
    overlapping: int = 0


def time_folds(train: Integers, validation: Integers | None, test: float, tune: float, gap: int) -> TimeFolds:
    """Folds by time: every fit row is before every tune row, and that before every test row, by more than ``gap``.

    Args:
        train: µs since 1970 UTC of train.parquet's rows.
        validation: those of validation.parquet, or None.
        test: share of rows for test where there is no validation.parquet.
        tune: share of the others for tune.
        gap: µs before each cut in which rows are dropped.

    Raises:
        FoldsImpossible: there are not enough distinct times.
    """
    ordered = np.sort(train)
    overlapping = 0
    if validation is None:
        # Two distinct times must stay before the test fold, for fit and tune.
        first_time = int(np.searchsorted(ordered, ordered[0], "right")) if len(ordered) else 0
        last = _cut(ordered, len(ordered) - round(len(ordered) * test), "test", least=first_time)
        test_from = int(ordered[last])
        before = ordered[:last]
    else:
        test_from = int(validation.min())
        overlapping = len(train) - int(np.searchsorted(ordered, test_from, "left"))
        before = ordered
    tune_from = int(before[_cut(before, len(before) - round(len(before) * tune), "tune")])
    folds = np.full(len(train), FIT, dtype=np.int8)
    folds[train >= tune_from] = TUNE
    if validation is None:
        folds[train >= test_from] = TEST
    if gap:
        folds[(train >= tune_from - gap) & (train < tune_from)] = DROPPED
        folds[(train >= test_from - gap) & (train < test_from)] = DROPPED
    found = TimeFolds(folds, tune_from, test_from, overlapping)
    _assert_time(found, train, validation, gap)
    return found


def _cut(ordered: Integers, wanted: int, name: str, *, least: int = 0) -> int:
    """The place in ascending times that lies between two distinct times and is nearest to the wanted one.

    More than ``least`` rows stay before it.
    """
    if len(ordered) > least + 1:
        wanted = min(max(wanted, least + 1), len(ordered) - 1)
        left = int(np.searchsorted(ordered, ordered[wanted], "left"))
        right = int(np.searchsorted(ordered, ordered[wanted], "right"))
        inside = [place for place in (left, right) if least < place < len(ordered)]
        if inside:
            return min(inside, key=lambda place: abs(place - wanted))
    raise FoldsImpossible(
        f"there are too few distinct times: no cut lies between two of them before the {name} fold",
        where="split.time_column",
        cure="use a finer time column, more data, or another strategy",
    )


def _assert_time(found: TimeFolds, train: Integers, validation: Integers | None, gap: int) -> None:
    fit, tune, test = (train[found.folds == code] for code in (FIT, TUNE, TEST))
    if validation is not None:
        test = validation
        tune = tune if not found.overlapping else tune[tune < found.test_from]
    if len(fit) and len(tune):
        promise(fit.max() + gap < tune.min(), "max(fit) + gap < min(tune)")
    if len(tune) and len(test):
        promise(tune.max() + gap < test.min(), "max(tune) + gap < min(test)")


def drop_cut_groups(folds: FoldCodes, groups: Words) -> tuple[FoldCodes, int]:
    """Drops every row of a group whose rows lie in more than one of fit, tune and test; with how many groups."""
    _, codes = np.unique(groups, return_inverse=True)
    present = np.zeros((codes.max(initial=-1) + 1, DROPPED + 1), dtype=bool)
    present[codes, folds] = True
    cut = present.sum(axis=1) > 1
    whole = folds.copy()
    whole[cut[codes]] = DROPPED
    return whole, int(np.count_nonzero(cut))


def assert_groups_whole(folds: FoldCodes, groups: Words) -> None:
    """Asserts that no group lies in two folds."""
    order = np.argsort(groups, kind="stable")
    same = groups[order][1:] == groups[order][:-1]
    promise(not (same & (folds[order][1:] != folds[order][:-1])).any(), "no group lies in two folds")
