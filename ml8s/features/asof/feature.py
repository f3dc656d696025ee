"""The definition of one as-of feature: which past rows it reads, and what it makes of them.

A definition is a value: JSON in the feature manifest, the same for training, the lookup state and explanations. What
each primitive gives, in the terms of Featuretools 1.31 unless said otherwise (rows = the key's visible rows inside the
window; null = NaN):

| primitive | value | without rows | nulls |
|---|---|---|---|
| count | number of rows | 0 | counted: it reads no column |
| sum | sum | 0 | skipped |
| mean, min, max | of the values | null | skipped |
| std | sample standard deviation (n - 1); null for fewer than two values | null | skipped |
| num_unique | number of distinct values | null; 0 where all values are null | skipped |
| mode | the most frequent value, the smallest among equals | null | skipped |
| first, last | the value of the first or last row in (time, identity) order | null | given as null |
| trend | least-squares slope over time per day; null below three values, 0 where all times are equal | null | skipped |
| time_since_last | seconds from the last row to the cutoff | null | reads no column |
| percent_true | share of rows whose value is 1 | null | count as false |

Infinite values are values: sums and means follow IEEE 754 (+inf, -inf, and null where both occur), std and trend are
null, the others take them as any number. They touch no window that does not hold them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ml8s.artifacts import Json

Entity: TypeAlias = tuple[str, ...]

PRIMITIVES: Final = (
    "count",
    "sum",
    "mean",
    "min",
    "max",
    "std",
    "num_unique",
    "mode",
    "first",
    "last",
    "trend",
    "time_since_last",
    "percent_true",
)
WITHOUT_COLUMN: Final = frozenset({"count", "time_since_last"})
OUTER: Final = ("count", "sum", "mean")
INNER: Final = ("count", "sum", "mean", "min", "max")
PICKING: Final = frozenset({"mode", "first", "last"})
"""Primitives that give one of the values: of a column of texts they give a text."""


@dataclass(frozen=True, slots=True)
class Child:
    """The inner aggregate of a feature of depth 2.

    Attributes:
        entity: the key columns that part the outer key's rows into children, as in "the customers of a region".
        primitive: one of ``INNER``; it reads the feature's column, over the feature's window.
    """

    entity: Entity
    primitive: str


@dataclass(frozen=True, slots=True)
class AsOfFeature:
    """One aggregate over the past rows of the row's key.

    Attributes:
        name: unique among the features computed together.
        entity: the key columns whose values the past rows share with the row.
        primitive: one of ``PRIMITIVES``; one of ``OUTER`` where there is a child.
        column: the value column, or None for ``count`` and ``time_since_last`` (and a child's ``count``).
        window: microseconds measured back from the cutoff; None for all history. Rows of [cutoff - window, cutoff)
            count, in integer microseconds, as with ``include_cutoff_time=False`` in Featuretools.
        delay: microseconds after which a past row's value is known, for label history. It moves the cutoff back:
            rows of [cutoff - delay - window, cutoff - delay) count.
        child: the inner aggregate of a feature of depth 2: the outer primitive then runs over the values of the
            children that have a row inside the window; each child's value is taken over the same rows, as of the
            same cutoff. ``count`` is the number of children.
    """

    name: str
    entity: Entity
    primitive: str
    column: str | None = None
    window: int | None = None
    delay: int = 0
    child: Child | None = None

    def __post_init__(self) -> None:
        """Refuses what no engine computes, with ValueError."""
        allowed = OUTER if self.child else PRIMITIVES
        if self.primitive not in allowed:
            raise ValueError(f"{self.name}: unknown primitive {self.primitive!r}; known are {', '.join(allowed)}")
        if self.child and self.child.primitive not in INNER:
            raise ValueError(f"{self.name}: unknown inner primitive {self.child.primitive!r}; {', '.join(INNER)}")
        if not self.entity or (self.child and not self.child.entity):
            raise ValueError(f"{self.name}: an aggregate needs key columns")
        if (self.column is None) != (self.reading in WITHOUT_COLUMN):
            raise ValueError(f"{self.name}: {self.reading} reads {'no' if self.column else 'a'} column")
        if (self.window is not None and self.window <= 0) or self.delay < 0:
            raise ValueError(f"{self.name}: a window is longer than nothing, a delay is not negative")

    @property
    def reading(self) -> str:
        """The primitive that reads the rows: the child's where there is one."""
        return self.child.primitive if self.child else self.primitive

    def to_json(self) -> dict[str, Json]:
        """The definition as JSON, without what is left at its default."""
        value: dict[str, Json] = {"name": self.name, "entity": list(self.entity), "primitive": self.primitive}
        if self.column is not None:
            value["column"] = self.column
        if self.window is not None:
            value["window"] = self.window
        if self.delay:
            value["delay"] = self.delay
        if self.child:
            value["child"] = {"entity": list(self.child.entity), "primitive": self.child.primitive}
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> AsOfFeature:
        """Reads what ``to_json`` wrote; ValueError for anything else."""
        column, child = value.get("column"), value.get("child")
        return cls(
            name=_text(value["name"]),
            entity=_texts(value["entity"]),
            primitive=_text(value["primitive"]),
            column=None if column is None else _text(column),
            window=None if value.get("window") is None else _whole(value["window"]),
            delay=_whole(value.get("delay", 0)),
            child=Child(_texts(child["entity"]), _text(child["primitive"])) if isinstance(child, Mapping) else None,
        )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text in an as-of feature, found {type(value).__name__}")
    return value


def _texts(value: Json) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f"expected a list in an as-of feature, found {type(value).__name__}")
    return tuple(_text(item) for item in value)


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected a whole number in an as-of feature, found {type(value).__name__}")
    return value
