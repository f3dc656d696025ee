"""What past rows are gathered by: the entities of a snapshot, its parent tables, and the columns to aggregate.

Keys come from ``schema.json`` (foreign keys, ``ml8s:role: key``, the columns of a composite primary key) and from
``feature_engineering.entities``. A primary key of one column names the row itself, which has no past.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, cast

from ml8s.artifacts import Json
from ml8s.data.dataset import FEATURE, KEY, Dataset
from ml8s.data.instants import microseconds_of
from ml8s.errors import AggregatesRefused
from ml8s.features.asof.feature import Entity as KeyColumns

if TYPE_CHECKING:
    from ml8s.config.model import FeatureEngineering

SECTION: Final = "feature_engineering"
KEY_TYPES: Final = ("string", "integer")
MOST_CANDIDATES: Final = 5


@dataclass(frozen=True, slots=True)
class Parent:
    """A further table that rows refer to by a foreign key.

    Attributes:
        name: of the table.
        path: its file in the snapshot.
        columns: the row's columns that refer to it.
        reference: the table's columns that they refer to, in the same order.
        time: the table's column since when each of its rows is known; None where they always were.
        attributes: its other columns, as name and type.
    """

    name: str
    path: str
    columns: tuple[str, ...]
    reference: tuple[str, ...]
    time: str | None
    attributes: tuple[tuple[str, str], ...]

    def attribute(self, name: str) -> str:
        """What a column of the table is called as a column of a row."""
        return f"{self.name}.{name}"

    def to_json(self) -> dict[str, Json]:
        """The parent as the feature manifest holds it."""
        return {
            "name": self.name,
            "path": self.path,
            "columns": list(self.columns),
            "reference": list(self.reference),
            "time": self.time,
            "attributes": [list(one) for one in self.attributes],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Parent:
        """Reads what ``to_json`` wrote."""
        attributes = cast("Sequence[Sequence[str]]", value["attributes"])
        return cls(
            str(value["name"]),
            str(value["path"]),
            _texts(value["columns"]),
            _texts(value["reference"]),
            None if value["time"] is None else str(value["time"]),
            tuple((name, type_) for name, type_ in attributes),
        )


@dataclass(frozen=True, slots=True)
class Entity:
    """What past rows are gathered by.

    Attributes:
        name: as features name it.
        key: the columns that name one, as columns of a row (``customers.region`` for one of a parent table).
        types: the type of each key column, string or integer.
        inside: the name of the entity whose parent table holds the key; the entities inside one of this are its
            children, as the customers of a region. None where the key stands in the row.
        ignore: columns that are not aggregated by it.
    """

    name: str
    key: KeyColumns
    types: tuple[str, ...]
    inside: str | None = None
    ignore: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Json]:
        """The entity as the feature manifest holds it."""
        return {"name": self.name, "key": list(self.key), "types": list(self.types), "inside": self.inside}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Entity:
        """Reads what ``to_json`` wrote."""
        inside = value["inside"]
        return cls(
            str(value["name"]), _texts(value["key"]), _texts(value["types"]), None if inside is None else str(inside)
        )


@dataclass(frozen=True, slots=True)
class EntitySet:
    """The entities of a snapshot, its parents, and how time passes.

    Attributes:
        time_column: when a row happened.
        refresh: microseconds between refresh boundaries; None lets each row see up to its own time.
        entities: in the order of ``schema.json``, then of the config.
        parents: the tables that rows refer to.
        values: the columns that may be aggregated, as name and type.
        label: the target, aggregated after ``delay``; None where label history is off.
        delay: microseconds after which a target is known.
    """

    time_column: str
    refresh: int | None
    entities: tuple[Entity, ...]
    parents: tuple[Parent, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    label: str | None = None
    delay: int = 0

    def entity(self, key: KeyColumns) -> Entity:
        """The entity of these key columns; KeyError where there is none."""
        for entity in self.entities:
            if entity.key == key:
                return entity
        raise KeyError(key)

    def to_json(self) -> dict[str, Json]:
        """The entity set as the feature manifest holds it."""
        return {
            "time_column": self.time_column,
            "refresh": self.refresh,
            "entities": [entity.to_json() for entity in self.entities],
            "parents": [parent.to_json() for parent in self.parents],
            "label": self.label,
            "delay": self.delay,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> EntitySet:
        """Reads what ``to_json`` wrote."""
        return cls(
            str(value["time_column"]),
            cast("int | None", value["refresh"]),
            tuple(Entity.from_json(one) for one in cast("Sequence[Mapping[str, Json]]", value["entities"])),
            tuple(Parent.from_json(one) for one in cast("Sequence[Mapping[str, Json]]", value["parents"])),
            label=cast("str | None", value["label"]),
            delay=cast(int, value["delay"]),
        )


def find_parents(dataset: Dataset, types: Mapping[str, Mapping[str, str]]) -> tuple[Parent, ...]:
    """The further tables that rows refer to by a foreign key.

    Args:
        dataset: the checked contract.
        types: for each further table the type of each of its columns.
    """
    found = []
    keys = [(_key_fields(key), *_key_reference(key)) for key in dataset.foreign_keys]
    resources = [resource for _, resource, _ in keys]
    for columns, resource, reference in keys:
        table = (dataset.tables or {}).get(resource)
        if not isinstance(table, Mapping):
            continue
        name = resource if resources.count(resource) == 1 else "_".join(columns)
        time = table.get("time")
        attributes = tuple(
            (column, type_) for column, type_ in types[resource].items() if column not in reference and column != time
        )
        path = str(table["path"])
        found.append(Parent(name, path, columns, reference, None if time is None else str(time), attributes))
    return tuple(found)


def build_entity_set(dataset: Dataset, config: FeatureEngineering, parents: tuple[Parent, ...]) -> EntitySet:
    """The entities that the contract and the config name; without any where neither names a key.

    Raises:
        AggregatesRefused: no time column, an entity of the config that cannot be, or the history of several classes.
    """
    entities = list(_from_contract(dataset, parents))
    for name, asked in config.entities.items():
        entities = _with(entities, name, _asked(name, asked.key, asked.table, dataset, parents), asked.ignore, dataset)
    label = dataset.target.column if config.label_history is not None else None
    if label is not None and dataset.kind == "multiclass":
        raise AggregatesRefused(
            f"label history of {label!r} is not made: its {len(dataset.target.classes or ())} classes are no numbers",
            where=f"{SECTION}.label_history",
            cure="remove label_history; it is for two classes and for numbers",
        )
    return EntitySet(
        time_column=find_time_column(dataset, config),
        refresh=None if config.refresh == "none" else microseconds_of(config.refresh),
        entities=tuple(entities),
        parents=parents,
        values=tuple((c.name, c.type) for c in dataset.columns if c.role == FEATURE and c.type not in ("time", "date")),
        label=label,
        delay=0 if config.label_history is None else microseconds_of(config.label_history.delay),
    )


def find_time_column(dataset: Dataset, config: FeatureEngineering) -> str:
    """The column that says when a row happened.

    Raises:
        AggregatesRefused: there is none, it is not among the columns, or holds no time.
    """
    name = config.time_column or dataset.time_column
    if name is None:
        raise AggregatesRefused(
            "aggregates over earlier rows need a time: without one, nobody knows which rows were earlier",
            where=f"{SECTION}.time_column",
            cure="set `feature_engineering.time_column`, or `enabled: false`",
        )
    types = {column.name: column.type for column in dataset.columns}
    place = f"{SECTION}.time_column" if config.time_column else "split.time_column"
    if name not in types:
        raise AggregatesRefused(
            f"{place} names {name!r}, which the snapshot does not have", where=place, cure=_near(name, types)
        )
    if types[name] not in ("time", "date"):
        raise AggregatesRefused(
            f"{place} names {name!r}, which is a {types[name]}", where=place, cure="name a column of times or dates"
        )
    return name


def key_candidates(dataset: Dataset) -> tuple[str, ...]:
    """Columns that could be keys: texts and whole numbers that have no other part."""
    return tuple(c.name for c in dataset.columns if c.role == FEATURE and c.type in KEY_TYPES)[:MOST_CANDIDATES]


def _from_contract(dataset: Dataset, parents: Sequence[Parent]) -> Iterator[Entity]:
    types = {column.name: column.type for column in dataset.columns}
    taken: set[KeyColumns] = set()
    keys = [(parent.name, parent.columns) for parent in parents]
    keys += [("_".join(columns), columns) for columns in map(_key_fields, dataset.foreign_keys)]
    keys += [(name, (name,)) for name in dataset.names(KEY)]
    for name, columns in keys:
        if columns in taken or columns == dataset.primary_key:
            continue
        taken.add(columns)
        if all(types[column] in KEY_TYPES for column in columns):
            yield Entity(name, columns, tuple(types[column] for column in columns))


def _asked(
    name: str, key: tuple[str, ...], table: str | None, dataset: Dataset, parents: Sequence[Parent]
) -> Entity | None:
    """The entity that the config describes by its key; None where it only changes one of the contract."""
    place = f"{SECTION}.entities.{name}"
    if not key:
        return None
    inside = next((parent for parent in parents if parent.name == table), None)
    if table is not None and inside is None:
        known = [parent.name for parent in parents]
        raise _unknown(f"{place}.table", "parent table", table, known)
    types = dict(inside.attributes) if inside else {column.name: column.type for column in dataset.columns}
    for column in key:
        if column not in types:
            raise _unknown(f"{place}.key", "column", column, types)
        if types[column] not in KEY_TYPES or column == dataset.target.column:
            what = "is the target" if column == dataset.target.column else f"is a {types[column]}"
            raise AggregatesRefused(
                f"{place}.key: {column!r} {what}", where=place, cure="a key is made of texts and whole numbers"
            )
    columns = tuple(inside.attribute(column) for column in key) if inside else key
    return Entity(name, columns, tuple(types[column] for column in key), inside.name if inside else None)


def _with(
    entities: list[Entity], name: str, asked: Entity | None, ignore: tuple[str, ...], dataset: Dataset
) -> list[Entity]:
    """The entities with one more, or with one of them as the config wants it."""
    known = {entity.name: entity for entity in entities}
    entity = asked or known.get(name)
    place = f"{SECTION}.entities.{name}"
    if entity is None:
        cure = f"{_near(name, known)}; or give it a `key`"
        raise AggregatesRefused(f"{place}: schema.json names no such entity", where=place, cure=cure)
    columns = [column.name for column in dataset.columns]
    for column in ignore:
        if column not in columns:
            raise _unknown(f"{place}.ignore", "column", column, columns)
    changed = Entity(name, entity.key, entity.types, entity.inside, frozenset(ignore))
    others = [one for one in entities if one.name != name and one.key != entity.key]
    return [*others, changed]


def _unknown(place: str, what: str, name: str, known: Sequence[str] | Mapping[str, object]) -> AggregatesRefused:
    return AggregatesRefused(f"{place}: there is no {what} {name!r}", where=place, cure=_near(name, known))


def _near(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known) or 'none'}"


def _key_fields(key: Mapping[str, Json]) -> tuple[str, ...]:
    return _texts(key["fields"])


def _key_reference(key: Mapping[str, Json]) -> tuple[str, tuple[str, ...]]:
    reference = cast("Mapping[str, Json]", key["reference"])
    return str(reference["resource"]), _texts(reference["fields"])


def _texts(value: Json) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(one) for one in cast("Sequence[Json]", value))
