"""The feature manifest: every feature's definition, learned on the fit fold.

It is the one contract between training, serving and monitoring. What it says is enough to make the matrix of any
rows: no other state is learned. Reading it needs the standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from ml8s.artifacts import Json, write_json

FILE_NAME: Final = "features.json"
SCHEMA: Final = 1

POLICY: Final[Mapping[str, Json]] = {
    "null": "NaN, and an `is_null` feature where the fit rows held nulls",
    "infinite": "as null; rows of JSON that hold one are refused",
    "unknown": "a category that is rare or absent in the fit rows gets the code after the last, or its hash bucket",
    "order": "categories by falling number of fit rows, then by value",
}


@dataclass(frozen=True)
class Feature:
    """One column of the matrix.

    Attributes:
        name: unique within the manifest.
        definition: what it is, in one plain sentence.
        transform: which function of ``ml8s.features.apply`` makes it.
        source: the source columns that it reads.
        part: the part of a time that it takes (``hour``, ``weekday``, …); empty for other transforms.
        categories: the learned values; the code of each is its position.
        buckets: hash buckets for all other values; 0 gives them one code, ``len(categories)``.
        counts: the number of fit rows of each category, for frequencies.
        rows: the number of fit rows that frequencies are a share of.
        nulls: the share of fit rows where it is null, a fraction.
    """

    name: str
    definition: str
    transform: str
    source: tuple[str, ...]
    part: str = ""
    categories: tuple[str, ...] = ()
    buckets: int = 0
    counts: tuple[int, ...] = ()
    rows: int = 0
    nulls: float = 0.0

    @property
    def type(self) -> str:
        """``category`` where the values are codes without an order, else ``number``."""
        return "category" if self.transform == "category" else "number"

    @property
    def null(self) -> str:
        """What a null in the source gives: ``nan``, or ``never`` where the feature always has a value."""
        return "never" if self.transform == "is_null" else "nan"

    @property
    def codes(self) -> int:
        """How many codes a category feature can have, the code of unknown values included; 0 for other features."""
        return len(self.categories) + max(self.buckets, 1) if self.transform == "category" else 0

    @cached_property
    def code_of(self) -> dict[str, float]:
        """The code of each learned category."""
        return {value: float(code) for code, value in enumerate(self.categories)}

    @cached_property
    def share_of(self) -> dict[str, float]:
        """The share of fit rows of each learned category, a fraction."""
        return {value: count / self.rows for value, count in zip(self.categories, self.counts, strict=True)}

    def to_json(self) -> dict[str, Json]:
        """The feature as JSON, without what does not belong to its transform."""
        value: dict[str, Json] = {
            "name": self.name,
            "definition": self.definition,
            "type": self.type,
            "null": self.null,
            "transform": self.transform,
            "source": list(self.source),
            "nulls": self.nulls,
        }
        if self.part:
            value["part"] = self.part
        if self.transform in ("category", "frequency"):
            value["categories"] = list(self.categories)
        if self.transform == "category":
            value["buckets"] = self.buckets
        if self.transform == "frequency":
            value["counts"] = list(self.counts)
            value["rows"] = self.rows
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Feature:
        """Reads what ``to_json`` wrote."""
        return cls(
            name=_text(value["name"]),
            definition=_text(value["definition"]),
            transform=_text(value["transform"]),
            source=_texts(value["source"]),
            part=_text(value.get("part", "")),
            categories=_texts(value.get("categories", ())),
            buckets=_whole(value.get("buckets", 0)),
            counts=tuple(_whole(count) for count in _items(value.get("counts", ()))),
            rows=_whole(value.get("rows", 0)),
            nulls=_number(value.get("nulls", 0.0)),
        )


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column that features are made from.

    Attributes:
        name: as in the snapshot.
        type: number, integer, boolean, string, time or date.
        nullable: whether the fit rows held nulls, so that rows to predict may leave it out.
    """

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column or feature that the model does not get, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class FeatureManifest:
    """All features of a model, in the order of the matrix's columns.

    Attributes:
        inputs: digests of the artifacts that it was learned from.
        kind: binary, multiclass, regression, ranking or forecasting.
        target: as in ``dataset.json``.
        columns: the source columns that ``apply`` needs.
        ignored: columns of the snapshot that no feature reads; rows to predict may hold them.
        features: one per column of the matrix.
        dropped: what was left out, with reasons.
        aggregates: ``off``, ``none (no key)``, or how many of how many entities, such as ``40 by 2 entities``.
        degraded: what the config asked for and the model does not have.
        warnings: plain sentences.
        missing_values: texts that count as null.
        as_of: what features of past rows are made from: entities, parents, time column, refresh, and the definitions
            of the aggregates in use; None without them.
        forecast: what features of a series are made from (``ml8s.features.forecast.section``); None for other tasks.
    """

    inputs: Mapping[str, str]
    kind: str
    target: Mapping[str, Json]
    columns: tuple[SourceColumn, ...]
    ignored: tuple[str, ...]
    features: tuple[Feature, ...]
    dropped: tuple[Dropped, ...] = ()
    aggregates: str = "off"
    degraded: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    missing_values: tuple[str, ...] = ()
    policy: Mapping[str, Json] = field(default_factory=lambda: dict(POLICY))
    as_of: Mapping[str, Json] | None = None
    forecast: Mapping[str, Json] | None = None

    @property
    def as_of_columns(self) -> frozenset[str]:
        """Columns that past rows and parents give: those that features read, and keys that lie in a parent."""
        used = {column.name for column in self.columns}
        for entity in _items(self.as_of["entities"]) if self.as_of else ():
            used |= set(_texts(_object(entity)["key"]))
        return frozenset(used)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the matrix's columns."""
        return tuple(feature.name for feature in self.features)

    @property
    def key_types(self) -> dict[str, str]:
        """The type of each column of a row that names an entity: string or integer."""
        entities = [_object(one) for one in _items(self.as_of["entities"])] if self.as_of else []
        return {
            name: type_
            for entity in entities
            for name, type_ in zip(_texts(entity["key"]), _texts(entity["types"]), strict=True)
        }

    def column(self, name: str) -> SourceColumn:
        """The source column of this name; KeyError where no feature reads it."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_json(self) -> dict[str, Json]:
        """The manifest as JSON."""
        return {
            "schema": SCHEMA,
            "inputs": dict(self.inputs),
            "kind": self.kind,
            "target": dict(self.target),
            "columns": [{"name": c.name, "type": c.type, "nullable": c.nullable} for c in self.columns],
            "ignored": list(self.ignored),
            "features": [feature.to_json() for feature in self.features],
            "dropped": [{"name": dropped.name, "reason": dropped.reason} for dropped in self.dropped],
            "aggregates": self.aggregates,
            "degraded": list(self.degraded),
            "warnings": list(self.warnings),
            "missing_values": list(self.missing_values),
            "policy": dict(self.policy),
            "as_of": None if self.as_of is None else dict(self.as_of),
            "forecast": None if self.forecast is None else dict(self.forecast),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> FeatureManifest:
        """Reads what ``to_json`` wrote; ValueError for another schema number."""
        if value.get("schema") != SCHEMA:
            raise ValueError(f"not a feature manifest of schema {SCHEMA}: {value.get('schema')!r}")
        return cls(
            inputs={name: _text(digest) for name, digest in _object(value["inputs"]).items()},
            kind=_text(value["kind"]),
            target=_object(value["target"]),
            columns=tuple(
                SourceColumn(_text(c["name"]), _text(c["type"]), c["nullable"] is True)
                for c in map(_object, _items(value["columns"]))
            ),
            ignored=_texts(value["ignored"]),
            features=tuple(Feature.from_json(_object(item)) for item in _items(value["features"])),
            dropped=tuple(
                Dropped(_text(d["name"]), _text(d["reason"])) for d in map(_object, _items(value["dropped"]))
            ),
            aggregates=_text(value["aggregates"]),
            degraded=_texts(value["degraded"]),
            warnings=_texts(value["warnings"]),
            missing_values=_texts(value["missing_values"]),
            policy=_object(value["policy"]),
            as_of=None if value.get("as_of") is None else _object(value["as_of"]),
            forecast=None if value.get("forecast") is None else _object(value["forecast"]),
        )

    @classmethod
    def read(cls, folder: Path) -> FeatureManifest:
        """Reads ``features.json`` of a features artifact."""
        return cls.from_json(_object(json.loads((folder / FILE_NAME).read_bytes())))

    def write(self, folder: Path) -> None:
        """Writes ``features.json`` as canonical JSON."""
        write_json(folder / FILE_NAME, self.to_json())


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise ValueError(f"expected an object in the feature manifest, found {type(value).__name__}")
    return value


def _items(value: Json) -> Sequence[Json]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f"expected a list in the feature manifest, found {type(value).__name__}")
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text in the feature manifest, found {type(value).__name__}")
    return value


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected a whole number in the feature manifest, found {type(value).__name__}")
    return value


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number in the feature manifest, found {type(value).__name__}")
    return float(value)


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(_text(item) for item in _items(value))
