"""The rows that a lookup state keeps, so that a refresh goes on from them: its accumulators.

They are the columns in use of all rows that a later boundary can still reach: those inside the longest window (and
delay) before the state's boundary, or all rows where a feature takes in all history. They lie in the order of (time,
identity), so that the identities need not be kept: newer rows are later than all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml8s.features.asof.feature import AsOfFeature, Entity
from ml8s.features.asof.keys import KeyTable, open_array, write_array
from ml8s.features.asof.order import by_time
from ml8s.features.asof.rows import Events, Floats, Ints


@dataclass(frozen=True)
class History:
    """Rows in the order of time, with their key tables.

    Attributes:
        tables: for each entity in use its keys, just those of the rows.
        events: the rows [n]; their codes are the keys' numbers in the tables.
    """

    tables: Mapping[Entity, KeyTable]
    events: Events


def entities_of(features: Sequence[AsOfFeature]) -> tuple[Entity, ...]:
    """The entities that the features name, children's included, sorted."""
    return tuple(sorted({f.entity for f in features} | {f.child.entity for f in features if f.child}))


def columns_of(features: Sequence[AsOfFeature]) -> tuple[str, ...]:
    """The value columns that the features read, sorted."""
    return tuple(sorted({f.column for f in features if f.column is not None}))


def reach(features: Sequence[AsOfFeature]) -> int | None:
    """How far before a cutoff the features read, microseconds; None for all history."""
    lengths = [None if feature.window is None else feature.window + feature.delay for feature in features]
    return None if None in lengths else max((length for length in lengths if length is not None), default=0)


def history_of(
    features: Sequence[AsOfFeature], events: Events, names: Mapping[Entity, Sequence[bytes]], boundary: int
) -> History:
    """The rows that features as of ``boundary`` or later can read.

    Args:
        features: the features.
        events: all rows.
        names: for each entity the key's bytes by code.
        boundary: microseconds since 1970 UTC.
    """
    far = reach(features)
    kept = np.arange(len(events)) if far is None else np.flatnonzero(events.time >= boundary - far)
    tables, keys = {}, {}
    for entity in entities_of(features):
        codes = events.keys[entity][kept]
        used = np.unique(codes[codes >= 0])
        taken = [names[entity][code] for code in used]
        tables[entity] = KeyTable.of(taken)
        number = np.full(int(used.max(initial=-1)) + 2, -1, dtype=np.int64)  # the last place is that of code -1
        number[used] = tables[entity].find_all(taken)
        keys[entity] = number[codes]
    columns = {name: events.columns[name][kept] + 0.0 for name in columns_of(features)}
    ties = [*([] if events.identity is None else [events.identity[kept]]), *keys.values(), *columns.values()]
    order = by_time(events.time[kept], ties)
    return History(
        tables,
        Events(
            keys={entity: codes[order] for entity, codes in keys.items()},
            time=events.time[kept][order],
            columns={name: _one_null(values[order]) for name, values in columns.items()},
        ),
    )


def _one_null(values: Floats) -> Floats:
    return np.where(np.isnan(values), np.nan, values)


def followed(
    old: History, newer: Events, names: Mapping[Entity, Sequence[bytes]]
) -> tuple[Events, dict[Entity, list[bytes]]]:
    """The rows of a history and newer ones, with the bytes of their keys by code."""
    all_names = {entity: [*table.names(), *names[entity]] for entity, table in old.tables.items()}
    keys: dict[Entity, Ints] = {}
    for entity, table in old.tables.items():
        codes = newer.keys[entity]
        keys[entity] = np.concatenate([old.events.keys[entity], np.where(codes >= 0, codes + len(table), -1)])
    count = len(newer)
    later = np.zeros(count) if newer.identity is None else np.unique(newer.identity, return_inverse=True)[1]
    joined = Events(
        keys=keys,
        time=np.concatenate([old.events.time, newer.time]),
        columns={name: np.concatenate([values, newer.columns[name]]) for name, values in old.events.columns.items()},
        identity=np.concatenate([np.arange(len(old.events)), later]),
    )
    return joined, all_names


def write_history(folder: Path, history: History) -> None:
    """Writes the rows, one file a column."""
    write_array(folder / "rows-time.npy", history.events.time)
    for index, entity in enumerate(sorted(history.tables)):
        write_array(folder / f"rows-key-{index}.npy", history.events.keys[entity])
    for index, name in enumerate(sorted(history.events.columns)):
        write_array(folder / f"rows-column-{index}.npy", history.events.columns[name])


def open_history(folder: Path, features: Sequence[AsOfFeature], tables: Mapping[Entity, KeyTable]) -> History:
    """Maps what ``write_history`` wrote."""
    entities, columns = entities_of(features), columns_of(features)
    return History(
        tables,
        Events(
            keys={entity: open_array(folder / f"rows-key-{index}.npy") for index, entity in enumerate(entities)},
            time=open_array(folder / "rows-time.npy"),
            columns={name: open_array(folder / f"rows-column-{index}.npy") for index, name in enumerate(columns)},
        ),
    )
