"""The exact as-of engine: for each row, aggregates over the earlier rows of its keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.rows import Events, Floats, Queries

BLOCK_ROWS: Final = 1 << 17


def compute(
    features: Sequence[AsOfFeature],
    events: Events,
    queries: Queries,
    *,
    refresh: int | None,
    block_rows: int = BLOCK_ROWS,
) -> Floats:
    """The features of some rows.

    Only events strictly earlier than a query's cutoff count (``boundary.cutoffs``), so rows of equal time do not see
    each other. A value is, to the bit, a function of the events of its key inside its window only: neither the order
    of the rows, nor other keys, nor events outside the window, nor ``block_rows`` move a bit. Sums are exact and
    rounded once.

    Args:
        features: what to compute; every entity and column that they name must be among the tables'.
        events: the history [n].
        queries: the rows [m] that want to know.
        refresh: microseconds between refresh boundaries; None lets each row see up to its own time.
        block_rows: keys are taken together until they have this many rows; bounds the memory in use.

    Returns:
        float64 [m, features], Fortran order; NaN for null.

    Raises:
        KeyError: an entity or column is missing in the tables.
        ValueError: a time beyond 2**60 microseconds of 1970, such as a null.
    """
    raise NotImplementedError
