"""What features are made of past rows: Featuretools' deep feature synthesis, as definitions only.

It is the only importer of featuretools. Nothing is computed by it: each definition becomes an ``AsOfFeature``, which
``ml8s.features.asof`` computes exactly. Names are Featuretools' own, after the entity and before the window:
``customers.MEAN(rows.amount) 30d``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml8s.config.model import FeatureEngineering
from ml8s.data.instants import microseconds_of
from ml8s.errors import AggregatesRefused, LibraryMissing
from ml8s.features.asof.feature import INNER, OUTER, PICKING, WITHOUT_COLUMN, AsOfFeature, Child
from ml8s.features.entities import SECTION, Entity, EntitySet
from ml8s.features.manifest import Dropped

if TYPE_CHECKING:
    import pandas

ROWS: Final = "rows"
ALL: Final = "all"
_INDEX: Final = "ml8s row"
_LOGICAL: Final = {"number": "Double", "integer": "Integer", "boolean": "Boolean", "string": "Categorical"}
_OF_TEXTS: Final = PICKING | {"num_unique"}
_WITHOUT_WINDOW: Final = frozenset({"time_since_last"})
_GUARD: Final = 20


@dataclass(frozen=True, slots=True)
class Definitions:
    """The as-of features that an entity set gives, and those that Featuretools defines and ML8s does not make."""

    features: tuple[AsOfFeature, ...]
    dropped: tuple[Dropped, ...] = ()


def estimate(entities: EntitySet, config: FeatureEngineering) -> int:
    """An upper bound of the number of features, without Featuretools: entities x primitives x columns x windows."""
    columns = len(entities.values) + (entities.label is not None)
    plain = len(config.primitives) * max(columns, 1)
    total = 0
    for entity in entities.entities:
        stacked = plain * len(config.primitives) if entity.inside and config.max_depth > 1 else 0
        total += (plain + stacked) * len(config.windows)
    return total


def define(entities: EntitySet, config: FeatureEngineering) -> Definitions:
    """All features of an entity set, in the order of entities, primitives, columns and windows.

    Raises:
        AggregatesRefused: there are more than ``max_features``; nothing was computed.
        LibraryMissing: featuretools is not installed.
    """
    most = config.max_features
    if (guess := estimate(entities, config)) > _GUARD * most:
        raise _too_many(guess, "at most", entities, config)
    found: list[AsOfFeature] = []
    dropped: list[Dropped] = []
    for entity in entities.entities:
        made, refused = _of_entity(entity, entities, config)
        found += made
        dropped += refused
    if len(found) > most:
        raise _too_many(len(found), "", entities, config)
    return Definitions(tuple(found), tuple(dropped))


def _too_many(count: int, qualifier: str, entities: EntitySet, config: FeatureEngineering) -> AggregatesRefused:
    names = ", ".join(entity.name for entity in entities.entities)
    return AggregatesRefused(
        f"feature_engineering would make {qualifier + ' ' if qualifier else ''}{count} aggregates, and max_features "
        f"allows {config.max_features}: {len(entities.entities)} entities ({names}), {len(config.primitives)} "
        f"primitives, {len(entities.values)} columns, {len(config.windows)} windows",
        where=f"{SECTION}.max_features",
        cure="name fewer primitives or windows, `ignore` columns of an entity, or raise max_features",
    )


def _of_entity(
    entity: Entity, entities: EntitySet, config: FeatureEngineering
) -> tuple[list[AsOfFeature], list[Dropped]]:
    columns = [(name, type_) for name, type_ in entities.values if name not in entity.ignore]
    if entities.label is not None:
        columns.append((entities.label, "number"))
    types = dict(columns)
    found, dropped = [], []
    order: dict[str, int] = {name: place for place, name in enumerate(config.primitives)}
    places = {name: place for place, (name, _) in enumerate(columns)}
    synthesis = _synthesis(entity, entities.time_column, columns, config)
    bases = [base for base in map(_base, synthesis) if base and _reads_rows(base, types)]
    bases.sort(key=lambda b: (b.inner is not None, order[b.primitive], places.get(b.column or "", -1), b.name))
    for base in bases:
        reason = _refusal(base, types)
        if reason:
            dropped.append(Dropped(f"{entity.name}.{base.name}", reason))
        else:
            found += list(_windows(base, entity, entities, config.windows))
    return found, dropped


@dataclass(frozen=True, slots=True)
class _Base:
    """One feature as Featuretools defines it, before windows."""

    name: str
    primitive: str
    column: str | None
    inner: str | None = None


def _reads_rows(base: _Base, types: dict[str, str]) -> bool:
    """Whether a feature reads one of the columns, or none where its primitive needs none: not a key, not the time."""
    without = (base.inner or base.primitive) in WITHOUT_COLUMN
    return base.column is None if without else base.column in types


def _refusal(base: _Base, types: dict[str, str]) -> str:
    """Why the engine does not make a feature; empty where it does."""
    if base.inner is not None and (base.primitive not in OUTER or base.inner not in INNER):
        return f"stacked features are {', '.join(OUTER)} over {', '.join(INNER)}"
    reading = base.inner or base.primitive
    if base.column is not None and types[base.column] == "string" and reading not in _OF_TEXTS:
        return f"{reading} of a text is not made"
    return ""


def _windows(base: _Base, entity: Entity, entities: EntitySet, windows: Sequence[str]) -> Iterator[AsOfFeature]:
    delay = entities.delay if base.column is not None and base.column == entities.label else 0
    child = None
    if base.inner is not None:
        inside = next(one for one in entities.entities if one.name == entity.inside)
        child = Child(inside.key, base.inner)
    for window in (ALL,) if base.primitive in _WITHOUT_WINDOW else windows:
        suffix = "" if window == ALL else f" {window}"
        length = None if window == ALL else microseconds_of(window)
        yield AsOfFeature(
            f"{entity.name}.{base.name}{suffix}", entity.key, base.primitive, base.column, length, delay, child
        )


def _base(feature: Any) -> _Base | None:  # noqa: ANN401 -- featuretools has no types
    """What a feature of Featuretools says; None for one that is no aggregate over rows."""
    from featuretools.feature_base import AggregationFeature

    if not isinstance(feature, AggregationFeature):
        return None
    first = feature.base_features[0]
    name, primitive = feature.get_name(), str(feature.primitive.name)
    if isinstance(first, AggregationFeature):
        inner = _base(first)
        return None if inner is None or inner.inner else _Base(name, primitive, inner.column, inner.primitive)
    if first.dataframe_name != ROWS:
        return None
    return _Base(name, primitive, None if primitive in WITHOUT_COLUMN else first.get_name())


def _synthesis(entity: Entity, time: str, columns: Sequence[tuple[str, str]], config: FeatureEngineering) -> list[Any]:
    """Featuretools' definitions of one entity, from two rows that only carry the types."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import featuretools
    except ImportError as error:
        raise LibraryMissing(
            f"feature_engineering needs featuretools, which cannot be imported here: {error}",
            where=SECTION,
            cure="install ML8s with its extra `features`, or set `enabled: false`",
        ) from error
    made = featuretools.EntitySet(id="snapshot")
    key = "ml8s key"
    inner = "ml8s inner key"
    rows = _rows(columns, time, inner if entity.inside else key)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        types = {name: _LOGICAL[type_] for name, type_ in columns}
        made.add_dataframe(rows, ROWS, index=_INDEX, time_index=time, logical_types=types)
        links = [(entity.name, key, ROWS, key)]
        if entity.inside:
            made.add_dataframe(_keys(inner, key), entity.inside, index=inner)
            links = [(entity.inside, inner, ROWS, inner), (entity.name, key, entity.inside, key)]
        made.add_dataframe(_keys(key), entity.name, index=key)
        for parent, parent_key, child, child_key in links:
            made.add_relationship(parent, parent_key, child, child_key)
        return list(
            featuretools.dfs(
                entityset=made,
                target_dataframe_name=entity.name,
                agg_primitives=list(config.primitives),
                trans_primitives=[],
                max_depth=config.max_depth,
                features_only=True,
            )
        )


def _rows(columns: Sequence[tuple[str, str]], time: str, key: str) -> pandas.DataFrame:
    import pandas

    values: dict[str, object] = {
        _INDEX: [0, 1],
        time: pandas.to_datetime(["2020-01-01", "2020-01-02"]),
        key: [0, 1],
    }
    sample = {"number": [0.5, 1.5], "integer": [1, 2], "boolean": [True, False], "string": ["a", "b"]}
    return pandas.DataFrame({**values, **{name: sample[type_] for name, type_ in columns}})


def _keys(*names: str) -> pandas.DataFrame:
    import pandas

    return pandas.DataFrame({name: [0, 1] for name in names})
