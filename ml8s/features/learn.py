"""Learning the feature manifest from the fit rows. No target is read here, so none can leak.

What is learned per column:

- number, integer, boolean: the value;
- string: codes of the categories with at least ``RARE_ROWS`` fit rows, most frequent first; above ``MOST_CATEGORIES``
  of them the rest goes to ``BUCKETS`` hash buckets, beside a feature with the value's share of fit rows; a column
  whose values are nearly all distinct is dropped as an identifier, as is an integer that only counts rows;
- time, date: parts that come back (hour, weekday, …), each only where the fit rows span its whole cycle, and the
  days to the row's time where there is a time column;
- any column with nulls: an ``is_null`` feature beside.

Constant and all-null features, and those equal to an earlier one on every fit row, are dropped with the reason.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.data.distinct import distinct
from ml8s.features.apply import DAY, feature_values, nulls
from ml8s.features.manifest import Dropped, Feature, SourceColumn

RARE_ROWS: Final = 5
MOST_CATEGORIES: Final = 255
BUCKETS: Final = 64
MOST_FREQUENCIES: Final = 10_000
IDENTIFIER_SHARE: Final = 0.9
IDENTIFIER_ROWS: Final = 50
COUNTER_ROWS: Final = 1_000
COUNTER_COLLISIONS: Final = 20

# Days that the fit rows must span for a part of a time to have been seen in full.
CYCLES: Final[dict[str, int]] = {
    "hour": 1, "minute_sin": 1, "minute_cos": 1, "weekday": 7, "day": 31, "month": 366
}  # fmt: skip
PARTS_OF_DATES: Final = ("weekday", "day", "month")

ReadFit = Callable[[str], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """A column to learn from.

    Attributes:
        name: of the column, or of an aggregate.
        type: of ``dataset.json``.
        made: of an aggregate, what it is in words; empty for a column.
        optional: whether rows to predict may lack it even where no fit row did, such as a parent's column.
    """

    name: str
    type: str
    made: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Learned:
    """What the fit rows say: the columns used, features, what was dropped, and the names of all columns offered."""

    columns: tuple[SourceColumn, ...]
    features: tuple[Feature, ...]
    dropped: tuple[Dropped, ...]
    sources: frozenset[str] = frozenset()


def learn(
    sources: Sequence[Source],
    read_fit: ReadFit,
    *,
    time: str | None,
    max_features: int,
    comparisons: Sequence[Feature] = (),
) -> Learned:
    """Learns all features from the fit rows.

    Args:
        sources: the columns that features may be made from, in the order of the snapshot.
        read_fit: gives the fit rows of one column, as ``ml8s.features.columns`` reads them. It is called once per
            column, so that one column at a time is in memory.
        time: the column among the sources that says when each row happened, or None.
        max_features: the bound; parts, indicators and frequencies go first, last columns before first.
        comparisons: features of several sources, offered after those of single ones.

    Returns:
        Features in the order of their columns. Depends on the fit rows as a multiset only, not on their order.
    """
    at = read_fit(time) if time is not None else None
    kept: list[Feature] = []
    dropped: list[Dropped] = []
    nullable: dict[str, bool] = {}
    equal_to: dict[bytes, str] = {}
    for source in sources:
        values = read_fit(source.name)
        nullable[source.name] = source.optional or bool(nulls(values).any())
        proposed, refused = propose(source, values, None if source.name == time else time)
        dropped += refused
        columns = {source.name: values} if at is None or time is None else {time: at, source.name: values}
        for feature in proposed:
            _judge(feature, feature_values(feature, columns), equal_to, kept, dropped)
    for feature in comparisons:
        fit = feature_values(feature, {name: read_fit(name) for name in feature.source})
        _judge(feature, fit, equal_to, kept, dropped)
    kept, beyond = _within(kept, max_features)
    features = _distinct_names(kept)
    used = {name for feature in features for name in feature.source}
    types = {source.name: source.type for source in sources}
    columns_used = tuple(SourceColumn(name, types[name], nullable[name]) for name in types if name in used)
    return Learned(columns_used, features, tuple(dropped + beyond), frozenset(types))


def _judge(
    feature: Feature,
    fit: NDArray[np.float64],
    equal_to: dict[bytes, str],
    kept: list[Feature],
    dropped: list[Dropped],
) -> None:
    """Keeps a feature with its share of nulls, or drops it with the reason."""
    reason = _useless(fit) or _repeats(fit, equal_to, feature.name)
    if reason:
        dropped.append(Dropped(feature.name, reason))
    else:
        kept.append(replace(feature, nulls=float(np.isnan(fit).mean())))


def propose(source: Source, values: NDArray[Any], time: str | None) -> tuple[list[Feature], list[Dropped]]:
    """The features that one column may give, before useless ones are dropped.

    Args:
        source: the column.
        values: its fit rows.
        time: the column of the row's time, where it is another one.
    """
    name = source.name
    null = nulls(values)
    if null.all():
        return [], [Dropped(name, "every fit row is null" if len(values) else "there are no fit rows")]
    dropped: list[Dropped] = []
    if source.made and source.type != "string":
        return [Feature(name, source.made, "number", (name,))], []
    if source.type == "string":
        features, dropped = _from_strings(name, values)
        if source.made:
            said = [replace(one, definition=f"{one.definition}; `{name}` is the {source.made}") for one in features]
            return said, dropped
    elif source.type in ("time", "date"):
        features, dropped = _from_times(source, values[~null], time)
    elif source.type == "integer" and _is_counter(values[~null]):
        reason = (
            f"an identifier: {len(values)} whole numbers close together, no two equal; declare it as a number to keep"
        )
        return [], [Dropped(name, reason)]
    else:
        features = [Feature(name, f"the value of `{name}`", "number", (name,))]
    if null.any():
        features.append(Feature(f"{name}.is_null", f"1 where `{name}` is null, else 0", "is_null", (name,)))
    return features, dropped


def _is_counter(present: NDArray[np.float64]) -> bool:
    """Whether whole numbers lie so close together that no two being equal means that they number the rows.

    n values drawn evenly from a range r have about n² / 2r equal pairs (the birthday problem); with 20 expected, none
    at all has a probability of e^-20.
    """
    if len(present) < COUNTER_ROWS:
        return False
    room = float(present.max()) - float(present.min()) + 1.0
    return len(present) ** 2 / (2 * room) >= COUNTER_COLLISIONS and len(distinct(present)) == len(present)


def _from_strings(name: str, values: NDArray[Any]) -> tuple[list[Feature], list[Dropped]]:
    counts = Counter(value for value in values if value is not None)
    present = counts.total()
    if present >= IDENTIFIER_ROWS and len(counts) >= IDENTIFIER_SHARE * present:
        reason = f"an identifier: {len(counts)} distinct values in {present} rows"
        return [], [Dropped(name, reason)]
    common = sorted((item for item in counts.items() if item[1] >= RARE_ROWS), key=lambda item: (-item[1], item[0]))
    if not common:
        return [], [Dropped(name, f"no value occurs in at least {RARE_ROWS} fit rows")]
    listed = tuple(value for value, _ in common[:MOST_CATEGORIES])
    if len(common) <= MOST_CATEGORIES:
        definition = f"the category of `{name}`: its rank by fit rows, {len(listed)} for all other values"
        return [Feature(name, definition, "category", (name,), categories=listed)], []
    bucketed = f"the category of `{name}`: its rank by fit rows, {BUCKETS} hash buckets for all other values"
    common = common[:MOST_FREQUENCIES]
    return [
        Feature(name, bucketed, "category", (name,), categories=listed, buckets=BUCKETS),
        Feature(
            f"{name}.frequency",
            f"the share of fit rows with this value of `{name}`, 0 for rare and unknown ones",
            "frequency",
            (name,),
            categories=tuple(value for value, _ in common),
            counts=tuple(count for _, count in common),
            rows=present,
        ),
    ], []


def _from_times(source: Source, present: NDArray[np.int64], time: str | None) -> tuple[list[Feature], list[Dropped]]:
    name = source.name
    span = (int(present.max()) - int(present.min())) / DAY
    features, dropped = [], []
    for part, days in CYCLES.items():
        if source.type == "date" and part not in PARTS_OF_DATES:
            continue
        if span < days:
            reason = f"the fit rows span {span:.1f} days, less than the {days} of its cycle"
            dropped.append(Dropped(f"{name}.{part}", reason))
            continue
        definition = f"{_IN_WORDS[part]} of `{name}`, UTC"
        features.append(Feature(f"{name}.{part}", definition, "time_part", (name,), part=part))
    if time is not None:
        definition = f"days from `{name}` to `{time}`"
        features.append(Feature(f"{name}.days_before", definition, "days_before", (name, time)))
    return features, dropped


_IN_WORDS: Final = {
    "hour": "the hour",
    "minute_sin": "the sine of the minute of the day on a circle of 24 hours",
    "minute_cos": "the cosine of the minute of the day on a circle of 24 hours",
    "weekday": "the weekday, 0 for Monday,",
    "day": "the day of the month",
    "month": "the month",
}


def _useless(fit: NDArray[np.float64]) -> str:
    present = fit[~np.isnan(fit)]
    if not len(present):
        return "every fit row is null"
    if present.min() == present.max():
        return f"constant on the fit rows: {present[0]:g}"
    return ""


def _repeats(fit: NDArray[np.float64], equal_to: dict[bytes, str], name: str) -> str:
    earlier = equal_to.setdefault(hashlib.sha256(np.ascontiguousarray(fit).data).digest(), name)
    return "" if earlier == name else f"equal to `{earlier}` on every fit row"


def _within(features: list[Feature], bound: int) -> tuple[list[Feature], list[Dropped]]:
    """At most ``bound`` features: those that stand for a column's value before those derived from it."""
    ranked = sorted(range(len(features)), key=lambda index: (features[index].transform in _DERIVED, index))
    keep = set(ranked[:bound])
    reason = f"beyond feature_engineering.max_features = {bound}"
    beyond = [Dropped(feature.name, reason) for index, feature in enumerate(features) if index not in keep]
    return [feature for index, feature in enumerate(features) if index in keep], beyond


_DERIVED: Final = ("is_null", "frequency", "time_part", "ratio", "difference")


def _distinct_names(features: list[Feature]) -> tuple[Feature, ...]:
    """A column may itself be called ``amount.is_null``: the derived feature then gets a number."""
    taken = {feature.name for feature in features if feature.transform not in (*_DERIVED, "days_before")}
    return tuple(_rename(features, taken))


def _rename(features: list[Feature], taken: set[str]) -> Iterator[Feature]:
    for feature in features:
        if feature.transform not in (*_DERIVED, "days_before"):
            yield feature
            continue
        name, number = feature.name, 2
        while name in taken:
            name, number = f"{feature.name}_{number}", number + 1
        taken.add(name)
        yield replace(feature, name=name)
