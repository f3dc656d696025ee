"""The lookup state: what is known of every key as of a boundary, in memory-mapped files.

Serving asks it for a key; ``refresh_state`` carries it on with newer rows.

| file | what |
|---|---|
| `state.json` | schema, boundary, refresh, time of the last row, the features |
| `unseen.npy` | the features of a key without history [features] |
| `entity-<i>-hashes.npy`, `-directory`, `-offsets`, `-bytes` | the keys of the i-th entity, see ``keys`` |
| `entity-<i>-values.npy` | its features by key [keys, features of the entity] |
| `entity-<i>-before-*.npy` | what its keys' older rows amount to, see ``accumulators`` |
| `rows-*.npy` | the rows after them, see ``history`` |
| `texts.json` | for each value column of texts the texts by code; absent without one |
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from ml8s.artifacts import Json, canonical_json
from ml8s.features.asof.accumulators import foldable
from ml8s.features.asof.boundary import first_boundary_after
from ml8s.features.asof.engine import compute
from ml8s.features.asof.feature import AsOfFeature, Entity
from ml8s.features.asof.history import (
    History,
    columns_of,
    entities_of,
    followed,
    going_on,
    history_of,
    open_history,
    recoded,
    write_history,
)
from ml8s.features.asof.keys import Key, KeyTable, key_bytes, open_array
from ml8s.features.asof.rows import Events, Floats, Ints, Queries
from ml8s.plain_arrays import write_array

Labels: TypeAlias = Mapping[Entity, Sequence[Key]]
Texts: TypeAlias = Mapping[str, Sequence[str]]
NO_TEXTS: Final[Texts] = {}

FILE_NAME: Final = "state.json"
TEXTS: Final = "texts.json"
SCHEMA: Final = 1


def write_state(
    folder: Path,
    features: Sequence[AsOfFeature],
    events: Events,
    labels: Labels,
    *,
    refresh: int | None,
    texts: Texts = NO_TEXTS,
) -> int:
    """Writes the state as of the first boundary after the last event.

    ``LookupState.row`` of a row's keys is bitwise what ``compute`` gives a row with a time in
    [boundary, boundary + refresh) after the same events.

    Args:
        folder: an empty folder for the files of one artifact; equal rows give equal bytes, in whatever order.
        features: the manifest's as-of features, in order.
        events: all rows so far [n].
        labels: for each entity the key's values by code, as the codes of ``events.keys`` number them.
        refresh: microseconds between boundaries; None for none: the state is as of right after the last event.
        texts: for each value column of texts all its texts by code, ascending.

    Returns:
        The boundary B, microseconds since 1970 UTC.

    Raises:
        ValueError: no event.
    """
    if not len(events):
        raise ValueError("a lookup state needs at least one event")
    last = int(events.time.max())
    boundary = first_boundary_after(last, refresh)
    history = history_of(features, events, _names(features, labels), boundary, {})
    _write(folder, features, history, (boundary, last), refresh)
    _write_texts(folder, texts)
    return boundary


def refresh_state(old: Path, folder: Path, newer: Events, labels: Labels, texts: Texts = NO_TEXTS) -> int:
    """Writes the state that follows from an older one and the rows since then.

    The bytes are those of ``write_state`` on all rows.

    Args:
        old: the folder of the older state.
        folder: an empty folder.
        newer: the rows later than the older state's last event.
        labels: as in ``write_state``, for the codes of ``newer``.
        texts: as in ``write_state``, for the codes of ``newer``; all that the older state knows are among them.

    Returns:
        The new boundary.

    Raises:
        ValueError: a row that is not later than the older state's last event, or a text that is not known any more.
    """
    state = LookupState.open(old)
    if len(newer) and int(newer.time.min()) <= state.last:
        raise ValueError("a row is not later than the last event of the state: make the state anew from all rows")
    past = recoded(open_history(old, state.features, state.tables), _codes(state.texts, texts))
    events, names = followed(past, newer, _names(state.features, labels))
    last = max(state.last, int(newer.time.max(initial=state.last)))
    boundary = first_boundary_after(last, state.refresh)
    history = history_of(state.features, events, names, boundary, past.before)
    _write(folder, state.features, history, (boundary, last), state.refresh)
    _write_texts(folder, texts)
    return boundary


def _codes(old: Texts, new: Texts) -> dict[str, Ints]:
    """For each column of texts the new code of each old one."""
    found = {}
    for name, known in old.items():
        code_of = {text: code for code, text in enumerate(new.get(name, ()))}
        if lost := [text for text in known if text not in code_of]:
            raise ValueError(f"{name} had the text {lost[0]!r} before: make the state anew from all rows")
        found[name] = np.array([code_of[text] for text in known], dtype=np.int64)
    return found


def _write_texts(folder: Path, texts: Texts) -> None:
    if texts:
        (folder / TEXTS).write_bytes(canonical_json({name: list(known) for name, known in texts.items()}))


def _names(features: Sequence[AsOfFeature], labels: Labels) -> dict[Entity, list[bytes]]:
    return {entity: [key_bytes(key) for key in labels[entity]] for entity in entities_of(features)}


def _write(
    folder: Path, features: Sequence[AsOfFeature], history: History, instants: tuple[int, int], refresh: int | None
) -> None:
    boundary, last = instants
    for index, entity in enumerate(entities_of(features)):
        history.tables[entity].write(folder, f"entity-{index}")
        write_array(folder / f"entity-{index}-values.npy", _values(features, entity, history, boundary))
    write_array(folder / "unseen.npy", _unseen(features))
    write_history(folder, history)
    header: dict[str, Json] = {
        "schema": SCHEMA,
        "boundary": str(boundary),
        "refresh": None if refresh is None else str(refresh),
        "last": str(last),
        "features": [feature.to_json() for feature in features],
    }
    (folder / FILE_NAME).write_bytes(canonical_json(header))


def _values(features: Sequence[AsOfFeature], entity: Entity, history: History, boundary: int) -> Floats:
    """The features of one entity by key, as of the boundary [keys, features]."""
    chosen = [feature for feature in features if feature.entity == entity]
    cutoff = np.full(len(history.tables[entity]), boundary)
    before = history.before[entity]
    folded = [bool(before.numbers) and foldable(feature) for feature in chosen]
    found = np.empty((len(cutoff), len(chosen)))
    rows = [index for index, is_folded in enumerate(folded) if not is_folded]
    asked = Queries({entity: np.arange(len(cutoff))}, cutoff)
    found[:, rows] = compute([chosen[index] for index in rows], history.events, asked, refresh=None)
    block = going_on(history.events, entity, before, cutoff)
    for index in np.flatnonzero(folded):
        feature = chosen[index]
        found[:, index] = block.value(feature.primitive, feature.column or "", *block.window(None, feature.delay))
    found[np.isnan(found)] = np.nan
    return found


def _unseen(features: Sequence[AsOfFeature]) -> Floats:
    """The features of a key without history [features]."""
    entities, nothing = entities_of(features), np.empty(0, dtype=np.int64)
    events = Events(dict.fromkeys(entities, nothing), nothing, dict.fromkeys(columns_of(features), np.empty(0)))
    one = np.zeros(1, dtype=np.int64)
    found: Floats = compute(features, events, Queries(dict.fromkeys(entities, one), one), refresh=None)[0]
    return found


class LookupState:
    """An opened state; the files are memory-mapped, a lookup takes microseconds.

    Attributes:
        features: the as-of features, in the order of the values.
        boundary: the instant B that the values are known at, microseconds since 1970 UTC.
        refresh: microseconds between boundaries, None where there are none.
        last: the time of the last event, microseconds since 1970 UTC.
        tables: the keys of each entity.
        texts: for each value column of texts the texts by code.
    """

    def __init__(self, folder: Path, header: Mapping[str, object], features: tuple[AsOfFeature, ...]) -> None:
        self.features = features
        path = folder / TEXTS
        self.texts: Texts = json.loads(path.read_bytes()) if path.is_file() else {}
        self.boundary = int(str(header["boundary"]))
        self.refresh = None if header["refresh"] is None else int(str(header["refresh"]))
        self.last = int(str(header["last"]))
        entities = entities_of(features)
        self.tables = {entity: KeyTable.open(folder, f"entity-{index}") for index, entity in enumerate(entities)}
        self._unseen = open_array(folder / "unseen.npy")
        self._parts = []
        for index, entity in enumerate(entities):
            places = np.array([place for place, f in enumerate(features) if f.entity == entity], dtype=np.int64)
            values = open_array(folder / f"entity-{index}-values.npy")
            self._parts.append((entity, self.tables[entity], places, values))

    @classmethod
    def open(cls, folder: Path) -> LookupState:
        """Opens what ``write_state`` wrote.

        Raises:
            ValueError: another schema, or files that are none of ours.
            FileNotFoundError: no state in the folder.
        """
        header = json.loads((folder / FILE_NAME).read_bytes())
        if not isinstance(header, dict) or header.get("schema") != SCHEMA:
            raise ValueError(f"not a lookup state of schema {SCHEMA}")
        return cls(folder, header, tuple(map(AsOfFeature.from_json, header["features"])))

    def row(self, keys: Mapping[Entity, Key | None]) -> Floats:
        """The features of one row [features].

        Args:
            keys: the row's key by entity; None where a key column is null, which gives nulls. A key never seen has no
                history.
        """
        found: Floats = self._unseen.copy()
        for entity, table, places, values in self._parts:
            if not len(places):
                continue
            key = keys[entity]
            if key is None:
                found[places] = np.nan
                continue
            index = table.find(key_bytes(key))
            if index >= 0:
                found[places] = values[index]
        return found
