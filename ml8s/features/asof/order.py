"""Rows in the order of (key, time, identity), and the ranges of keys that are worked on together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml8s.features.asof.rows import Ints, Places, narrowed

RADIX_BITS = 16


def by_time(time: Ints, ties: Sequence[NDArray[Any]]) -> Places:
    """Row numbers [n] sorted by time; among equal times by each of ``ties`` in turn, and last as they came."""
    order = np.argsort(time, kind="stable")
    if not ties or not len(order):
        return narrowed(order)
    tied = np.zeros(len(order) + 1, dtype=np.bool_)
    np.equal(time[order[1:]], time[order[:-1]], out=tied[1:-1])
    places = np.flatnonzero(tied[1:] | tied[:-1])
    rows = order[places]
    order[places] = rows[np.lexsort([*(values[rows] for values in reversed(ties)), time[rows]])]
    return narrowed(order)


def stably_by(codes: Places, order: Places) -> Places:
    """``order`` sorted by the code of each row, 0 and up; equal codes keep their order.

    Sixteen bits at a time from the lowest: numpy's stable sort of 16-bit integers is a radix sort, linear in rows.
    """
    largest, shift = int(codes.max(initial=0)), 0
    while largest >> shift:
        digit = (codes[order] >> shift).astype(np.uint16)
        order = order[np.argsort(digit, kind="stable")]
        shift += RADIX_BITS
    return order


def by_key(codes: Ints, time_order: Places) -> tuple[Places, Places]:
    """The rows that have a key, sorted by key and then as in ``time_order``: row numbers and their codes [k]."""
    narrow = narrowed(codes)
    with_key = time_order[narrow[time_order] >= 0]
    order = stably_by(narrow, with_key)
    return order, narrow[order]


def key_ranges(events: Places, queries: Places, rows: int) -> list[int]:
    """Codes at which to cut, from 0 to one past the last: whole keys, until events and queries exceed ``rows``.

    Args:
        events: the codes of the events, ascending.
        queries: the codes of the queries, ascending.
        rows: events and queries of one range, unless a single key has more.
    """
    codes = np.union1d(events[starts_of(events)], queries[starts_of(queries)])
    ends = np.searchsorted(events, codes, side="right") + np.searchsorted(queries, codes, side="right")
    cuts, done = [0], 0
    while done < len(codes):
        before = int(ends[done - 1]) if done else 0
        done = max(done + 1, int(np.searchsorted(ends, before + rows, side="right")))
        cuts.append(int(codes[done - 1]) + 1)
    return cuts


def starts_of(sorted_codes: Places) -> Ints:
    """Where each run of equal codes begins."""
    if not len(sorted_codes):
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.concatenate([[True], sorted_codes[1:] != sorted_codes[:-1]]))
