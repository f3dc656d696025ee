"""Texts that do harm where they are pasted into a template, a shell or YAML, and every place of a config for one.

The places are read off the config's schema, so that a new field is tried as soon as there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from ml8s.artifacts import Json
from ml8s.config import fields

Place: TypeAlias = tuple[str, ...]
ITEM: Final = "[]"
"""Stands in a place for an item of a list."""
KEY: Final = "<key>"
"""Stands in a place for a key that the config chooses."""

TEMPLATES: Final = ("{{workflow.name}}", "{{=sprig.env('HOME')}}")
HOSTILE: Final = (
    *TEMPLATES,
    "$(id)",
    "'; $(id) `id` #",
    'a"b\\c',
    "x\ny: z",
    "\n--- # b",
    "\r\u0430",
    "&a *b !!c",
    "{%x%}{0}%s",
    "é\u2028 \U0001f600",
)
ADDRESS: Final = "s3://ml-datasets/v1/"

# The places that take any text, in the order of the schema; every other place refuses all of these.
FREE: Final[tuple[Place, ...]] = (
    ("target_column",),
    ("positive_class",),
    ("columns", "ignore", ITEM),
    ("columns", "weight"),
    ("columns", "group"),
    ("split", "time_column"),
    ("split", "group_column"),
    ("split", "identity", ITEM),
    ("feature_engineering", "time_column"),
    ("feature_engineering", "entities", fields.ANY, "key", ITEM),
    ("feature_engineering", "entities", fields.ANY, "table"),
    ("feature_engineering", "entities", fields.ANY, "ignore", ITEM),
    ("forecasting", "series_columns", ITEM),
    ("forecasting", "known_columns", ITEM),
    ("evaluation", "slices", ITEM),
)
# An address of data takes some.
ADDRESSES: Final[tuple[Place, ...]] = (("dataset_uri",),)
IN_ADDRESSES: Final = ("$(id)", "&a *b !!c", "{%x%}{0}%s")

_PLAIN: Final[Mapping[str, Json]] = {
    "name": "plain",
    "dataset_uri": ADDRESS,
    "task": "classification",
    "target_column": "target",
    "split": {"strategy": "random"},
}
_TIME: Final[Mapping[str, Json]] = {"split": {"strategy": "time", "time_column": "at"}}
_PAST: Final[Mapping[str, Json]] = {**_TIME, "feature_engineering": {"enabled": True}}
_SERIES: Final[Mapping[str, Json]] = {
    **_TIME,
    "task": "forecasting",
    "forecasting": {"horizon": 7, "frequency": "1d", "series_columns": ["shop"]},
}
# What a place needs around it to mean something; the longest beginning counts.
_AROUND: Final[Mapping[Place, Mapping[str, Json]]] = {
    (): {},
    ("columns", "group"): {"task": "ranking"},
    ("split", "time_column"): _TIME,
    ("split", "gap"): _TIME,
    ("split", "group_column"): {"split": {"strategy": "group"}},
    ("feature_engineering",): {"feature_engineering": {"enabled": True}},
    ("feature_engineering", "label_history"): _PAST,
    ("feature_engineering", "entities"): {**_PAST, "feature_engineering": {"entities": {"shop": {"key": ["shop_id"]}}}},
    ("forecasting",): _SERIES,
}
_CHOSEN: Final[Mapping[Place, str]] = {
    ("evaluation", "gates"): "roc_auc",
    ("feature_engineering", "entities"): "shop",
}
_BESIDE_KEY: Final[Mapping[Place, Json]] = {
    ("evaluation", "gates"): ">= 0.5",
    ("feature_engineering", "entities"): {"key": ["shop_id"]},
}


def places() -> list[Place]:
    """Every place of a config where a text may stand, whatever texts it takes."""
    schema = fields.schema()
    return list(dict.fromkeys(_places(schema, schema, ())))


def _places(node: Mapping[str, Json], schema: Mapping[str, Json], path: Place) -> Iterator[Place]:
    if isinstance(reference := node.get("$ref"), str):
        definitions = schema["$defs"]
        assert isinstance(definitions, Mapping)
        node = _mapping(definitions[reference.rpartition("/")[2]])
    if node.get("type") == "string":
        yield path
    for alternative in _list(node.get("anyOf")):
        yield from _places(_mapping(alternative), schema, path)
    if "items" in node:
        yield from _places(_mapping(node["items"]), schema, (*path, ITEM))
    for name, part in _mapping(node.get("properties", {})).items():
        yield from _places(_mapping(part), schema, (*path, name))
    given = node.get("additionalProperties")
    for part in [*_mapping(node.get("patternProperties", {})).values(), *([given] if given else [])]:
        yield (*path, KEY)
        yield from _places(_mapping(part), schema, (*path, fields.ANY))


def _mapping(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, Mapping), value
    return value


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list) else []


def with_text(place: Place, text: str) -> dict[str, Json]:
    """A config that is plain but for a text in one place; an address of data begins as one."""
    return _with({place: f"{ADDRESS}{text}" if place in ADDRESSES else text})


def _with(texts: Mapping[Place, str]) -> dict[str, Json]:
    config = dict(_PLAIN)
    for place in texts:
        around = max((path for path in _AROUND if place[: len(path)] == path), key=len)
        config = _merged(config, _AROUND[around])
    for place, text in texts.items():
        config = _merged(config, _mapping(_nested(place, (), text)))
    return config


def _nested(rest: Place, done: Place, text: str) -> Json:
    if not rest:
        return text
    name, *others = rest
    if name == KEY:
        return {text: _BESIDE_KEY[done]}
    inner = _nested(tuple(others), (*done, name), text)
    if name == ITEM:
        return [inner]
    return {_CHOSEN[done] if name == fields.ANY else name: inner}


def _merged(one: Mapping[str, Json], other: Mapping[str, Json]) -> dict[str, Json]:
    found = dict(one)
    for name, value in other.items():
        before = found.get(name)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        found[name] = _merged(_mapping(before), _mapping(value)) if both else value
    return found


def value_at(config: Json, place: Place) -> Json:
    """What stands in one of the free places of a config."""
    for done, name in enumerate(place):
        if name == ITEM:
            assert isinstance(config, list)
            config = config[0]
        else:
            config = _mapping(config)[_CHOSEN[place[:done]] if name == fields.ANY else name]
    return config


def everywhere() -> dict[str, tuple[dict[str, Json], dict[Place, str]]]:
    """Few configs that have in every free place every text that no config refuses; each with its texts by place."""
    kept = [text for text in HOSTILE if text not in TEMPLATES]
    text = "".join(text for text in kept if not any(text in other for other in kept if text != other))
    apart: dict[Place, str] = {("columns", "group"): "ranking", ("split", "group_column"): "group"}
    apart |= {place: "series" for place in FREE if place[0] == "forecasting"}
    texts: dict[str, dict[Place, str]] = {}
    for number, place in enumerate(FREE):  # the number: no two columns may have one name
        texts.setdefault(apart.get(place, "past"), {})[place] = f"{number:x}{text}"
    over = {"dataset_uri": ADDRESS + "".join(IN_ADDRESSES)}
    return {name: ({**_with(there), **over, "name": f"hostile_{name}"}, there) for name, there in texts.items()}
