"""The exact as-of engine: for each row, aggregates over the earlier rows of its keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from ml8s.features.asof.block import Block
from ml8s.features.asof.boundary import cutoffs
from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.order import by_key, by_time, key_ranges
from ml8s.features.asof.primitives import PRIMITIVE
from ml8s.features.asof.rows import Events, Floats, Ints, Places, Queries
from ml8s.features.asof.stacked import stacked

BLOCK_ROWS: Final = 1 << 14
LATEST: Final = 1 << 60


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
    for time in (events.time, queries.time):
        if len(time) and max(-int(time.min()), int(time.max())) > LATEST:
            raise ValueError("a time is beyond 2**60 microseconds of 1970, or null")
    found = np.empty((len(queries), len(features)), dtype=np.float64, order="F")
    order = by_time(events.time, [] if events.identity is None else [events.identity])
    same = queries.time is events.time
    asked = order if same else by_time(queries.time, [])
    for entity in dict.fromkeys(feature.entity for feature in features):
        columns = [index for index, feature in enumerate(features) if feature.entity == entity]
        history = by_key(events.keys[entity], order)
        asking = history
        if not same or queries.keys[entity] is not events.keys[entity]:
            asking = by_key(queries.keys[entity], asked)
        without_key = np.flatnonzero(queries.keys[entity] < 0)
        for index in columns:
            found[without_key, index] = np.nan
        for block, rows, which in _blocks(events, history, (queries.time, refresh), asking, block_rows):
            for index in columns:
                found[rows, index] = value(block, features[index])[which]
        # The next entity's order takes their place in memory.
        del history, asking
    return found


def value(block: Block, feature: AsOfFeature) -> Floats:
    """One feature for each query of a block [q]; every null has the same bits."""
    if feature.child:
        values = stacked(block, feature, feature.child)
    else:
        low, high = block.window(feature.window, feature.delay)
        values = PRIMITIVE[feature.primitive](block, feature.column or "", low, high)
    values[np.isnan(values)] = np.nan
    return values


def _blocks(
    events: Events,
    history: tuple[Places, Places],
    clock: tuple[Ints, int | None],
    asking: tuple[Places, Places],
    block_rows: int,
) -> Iterator[tuple[Block, Places, Ints]]:
    """The blocks of one entity, each with the rows that ask, and the query of the block that each of them is.

    Args:
        events: the history.
        history: events that have a key, by key and time: row numbers and codes.
        clock: the time of each row that asks [m], and the refresh.
        asking: rows that ask and have a key, by key and time: row numbers and codes.
        block_rows: as in ``compute``.
    """
    cuts = key_ranges(history[1], asking[1], block_rows)
    # Numbers of the codes' own type: others would have all codes copied.
    event_cuts, row_cuts = (np.searchsorted(codes, np.array(cuts, codes.dtype)) for _, codes in (history, asking))
    for index in range(len(cuts) - 1):
        rows = slice(row_cuts[index], row_cuts[index + 1])
        if rows.start == rows.stop:
            continue
        taken = slice(event_cuts[index], event_cuts[index + 1])
        keys, instants = asking[1][rows], cutoffs(clock[0][asking[0][rows]], clock[1])
        # Rows of one key and cutoff ask the same.
        new = np.ones(len(keys), dtype=np.bool_)
        new[1:] = (keys[1:] != keys[:-1]) | (instants[1:] != instants[:-1])
        block = _block(events, history[0][taken], history[1][taken], keys[new], instants[new])
        yield block, asking[0][rows], np.cumsum(new) - 1


def _block(events: Events, rows: Places, keys: Places, query_keys: Places, cutoff: Ints) -> Block:
    return Block(
        keys=keys.astype(np.int64),
        time=events.time[rows],
        column=lambda name: events.columns[name][rows],
        children=lambda entity: events.keys[entity][rows],
        query_keys=query_keys.astype(np.int64),
        cutoff=cutoff,
    )
