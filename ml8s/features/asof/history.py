"""What a lookup state keeps of the past, so that a refresh goes on from it.

Rows that a later boundary can still reach one by one are kept as rows: those inside the longest window (and delay)
before the state's boundary, or all rows where a feature needs each value of all history (``num_unique``, ``mode``,
features of depth 2). Older rows are folded into accumulators. The rows lie in the order of (time, identity), so that
the identities need not be kept: newer rows are later than all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml8s.features.asof.accumulators import VALUES, Accumulators, Continued, Need, continued, foldable, needs
from ml8s.features.asof.block import FARTHEST
from ml8s.features.asof.feature import AsOfFeature, Entity
from ml8s.features.asof.keys import KeyTable, open_array
from ml8s.features.asof.order import by_key, by_time
from ml8s.features.asof.rows import Events, Floats, Ints, Places
from ml8s.plain_arrays import write_array


@dataclass(frozen=True)
class History:
    """Rows in the order of time, with their key tables, and accumulators of what came before them.

    Attributes:
        tables: for each entity in use its keys, just those of the rows.
        events: the rows [n]; their codes are the keys' numbers in the tables.
        before: for each entity what its keys' older rows amount to.
    """

    tables: Mapping[Entity, KeyTable]
    events: Events
    before: Mapping[Entity, Accumulators]


def entities_of(features: Sequence[AsOfFeature]) -> tuple[Entity, ...]:
    """The entities that the features name, children's included, sorted."""
    return tuple(sorted({f.entity for f in features} | {f.child.entity for f in features if f.child}))


def columns_of(features: Sequence[AsOfFeature]) -> tuple[str, ...]:
    """The value columns that the features read, sorted."""
    return tuple(sorted({f.column for f in features if f.column is not None}))


def reach(features: Sequence[AsOfFeature]) -> int | None:
    """How far before a cutoff the features read single rows, microseconds; None for all history."""
    lengths = [0 if foldable(f) else f.window for f in features]
    if None in lengths:
        return None
    return max((length + f.delay for length, f in zip(lengths, features, strict=True) if length is not None), default=0)


def needs_of(features: Sequence[AsOfFeature], entity: Entity) -> tuple[Need, ...]:
    """What an entity's accumulators hold: nothing where all rows are kept."""
    return () if reach(features) is None else needs([f for f in features if f.entity == entity])


def history_of(
    features: Sequence[AsOfFeature],
    events: Events,
    names: Mapping[Entity, Sequence[bytes]],
    boundary: int,
    older: Mapping[Entity, Accumulators],
) -> History:
    """What features as of ``boundary`` or later can read.

    Args:
        features: the features.
        events: all rows that are not in ``older``.
        names: for each entity the key's bytes by code.
        boundary: microseconds since 1970 UTC.
        older: for each entity the accumulators of earlier rows, of the first codes; empty for none.
    """
    far = reach(features)
    horizon = -FARTHEST if far is None else boundary - far
    tables, keys, before = {}, {}, {}
    for entity in entities_of(features):
        wanted = needs_of(features, entity)
        codes = events.keys[entity]
        counting = codes[codes >= 0] if wanted else codes[(codes >= 0) & (events.time >= horizon)]
        known = len(older[entity].numbers["rows", ""]) if wanted and older else 0
        used = np.union1d(counting, np.arange(known))
        taken = [names[entity][code] for code in used]
        tables[entity] = KeyTable.of(taken)
        number = np.full(int(max(used.max(initial=-1), codes.max(initial=-1))) + 2, -1, dtype=np.int64)
        number[used] = tables[entity].find_all(taken)  # the last place is that of code -1
        keys[entity] = number[codes]
        past = Accumulators.nothing(wanted, len(tables[entity]))
        if known:
            position = np.full(len(tables[entity]), -1, dtype=np.int64)
            position[number[:known]] = np.arange(known)
            past = older[entity].of(position)
        before[entity] = past
    ordered = _ordered(features, events, keys)
    kept = ordered.time >= horizon
    folded = {
        entity: _folded(ordered, entity, ~kept, past, needs_of(features, entity)) for entity, past in before.items()
    }
    return History(tables, _taken(ordered, kept), folded)


def _ordered(features: Sequence[AsOfFeature], events: Events, keys: Mapping[Entity, Ints]) -> Events:
    columns = {name: _one_null(events.columns[name] + 0.0) for name in columns_of(features)}
    ties = [*([] if events.identity is None else [events.identity]), *keys.values(), *columns.values()]
    order = by_time(events.time, ties)
    return _taken(Events(keys, events.time, columns), order)


def _taken(events: Events, rows: Places | NDArray[np.bool_]) -> Events:
    return Events(
        keys={entity: codes[rows] for entity, codes in events.keys.items()},
        time=events.time[rows],
        columns={name: values[rows] for name, values in events.columns.items()},
    )


def _folded(
    events: Events, entity: Entity, old: NDArray[np.bool_], before: Accumulators, wanted: Sequence[Need]
) -> Accumulators:
    if not wanted:
        return before
    count = len(before.numbers["rows", ""])
    return going_on(_taken(events, old), entity, before, np.full(count, FARTHEST // 2)).folded(wanted)


def going_on(events: Events, entity: Entity, before: Accumulators, cutoff: Ints) -> Continued:
    """Every key of an entity asks, from its accumulators and its rows in the order of time, at a cutoff each [keys]."""
    rows, codes = by_key(events.keys[entity], np.arange(len(events)))
    block = {
        "keys": codes.astype(np.int64),
        "time": events.time[rows],
        "column": lambda name: events.columns[name][rows],
        "query_keys": np.arange(len(cutoff)),
        "cutoff": cutoff,
    }
    return continued(block, before)


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


def recoded(past: History, codes: Mapping[str, Ints]) -> History:
    """The same history with other codes of texts.

    Args:
        past: a history.
        codes: for each column of texts the new code of each old one.
    """

    def read(name: str, values: Floats) -> Floats:
        if name not in codes:
            return values
        null = np.isnan(values)
        return np.where(null, np.nan, np.append(codes[name], 0)[np.where(null, -1, values).astype(np.int64)])

    columns = {name: read(name, values) for name, values in past.events.columns.items()}
    before = {
        entity: Accumulators(
            {need: read(need[1], values) if need[0] in VALUES else values for need, values in one.numbers.items()},
            one.sums,
        )
        for entity, one in past.before.items()
    }
    return History(past.tables, replace(past.events, columns=columns), before)


def write_history(folder: Path, history: History) -> None:
    """Writes the rows, one file a column, and each entity's accumulators."""
    write_array(folder / "rows-time.npy", history.events.time)
    for index, entity in enumerate(sorted(history.tables)):
        write_array(folder / f"rows-key-{index}.npy", history.events.keys[entity])
        history.before[entity].write(folder, f"entity-{index}-before")
    for index, name in enumerate(sorted(history.events.columns)):
        write_array(folder / f"rows-column-{index}.npy", history.events.columns[name])


def open_history(folder: Path, features: Sequence[AsOfFeature], tables: Mapping[Entity, KeyTable]) -> History:
    """Maps what ``write_history`` wrote."""
    entities, columns = entities_of(features), columns_of(features)
    events = Events(
        keys={entity: open_array(folder / f"rows-key-{index}.npy") for index, entity in enumerate(entities)},
        time=open_array(folder / "rows-time.npy"),
        columns={name: open_array(folder / f"rows-column-{index}.npy") for index, name in enumerate(columns)},
    )
    before = {
        entity: Accumulators.open(folder, f"entity-{index}-before", needs_of(features, entity))
        for index, entity in enumerate(entities)
    }
    return History(tables, events, before)
