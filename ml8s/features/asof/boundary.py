"""Refresh boundaries: the instants at which aggregates become known, multiples of the refresh interval since 1970."""

from __future__ import annotations

from ml8s.features.asof.rows import Ints


def cutoffs(time: Ints, refresh: int | None) -> Ints:
    """The instant before which a row's history lies [n]: the last boundary at or before its time.

    Args:
        time: microseconds since 1970 UTC [n].
        refresh: microseconds between boundaries (a day's are midnights UTC); None gives the row's own time.
    """
    if refresh is None:
        return time
    return time // refresh * refresh


def first_boundary_after(last: int, refresh: int | None) -> int:
    """The first boundary later than ``last``: every row up to ``last`` is known there. Microseconds."""
    if refresh is None:
        return last + 1
    return (last // refresh + 1) * refresh
