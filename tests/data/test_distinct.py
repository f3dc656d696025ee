"""Distinct values by sorting are those that numpy finds."""

from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml8s.data import distinct as module
from ml8s.data.distinct import distinct, holds, in_both
from ml8s.data.uniqueness import _in_parts

WORDS = arrays(np.uint64, st.integers(0, 40), elements=st.integers(0, 2**64 - 1) | st.integers(0, 5))


@given(WORDS)
def test_distinct_values_are_those_of_numpy(values: np.ndarray) -> None:
    assert np.array_equal(distinct(values), np.unique(values))


@given(WORDS, WORDS, st.integers(1, 7))
def test_values_in_both_are_those_of_numpy_whatever_the_size_of_a_look(
    one: np.ndarray, other: np.ndarray, at_once: int
) -> None:
    kept = module.LOOKED_UP_AT_ONCE
    module.LOOKED_UP_AT_ONCE = at_once  # type: ignore[misc]
    try:
        assert np.array_equal(in_both(one, other), np.intersect1d(one, other))
    finally:
        module.LOOKED_UP_AT_ONCE = kept  # type: ignore[misc]


@given(WORDS.filter(len), WORDS)
def test_an_ascending_array_holds_its_values(one: np.ndarray, other: np.ndarray) -> None:
    assert np.array_equal(holds(np.sort(one), other), np.isin(other, one))


def test_a_look_for_repeats_takes_no_more_memory_than_it_is_counted_with() -> None:
    rows = 1_500_000
    hashes = np.random.default_rng(0).integers(0, 2**63, rows).astype(np.uint64)
    hashes[-1] = hashes[0]
    for border in (None, rows // 2):
        tracemalloc.start()
        found = list(_in_parts(hashes, None, border))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [one.rows.tolist() for one in found] == [[0, rows - 1]]
        assert peak < 14 * rows, "a sorted copy of 8 bytes a row, a mask, and a part of the rows at a time"
