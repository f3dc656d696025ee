"""Reads the fields of a Table Schema: name, type, constraints, role, logging."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ml8s.artifacts import Json
from ml8s.data.arrays import as_texts
from ml8s.data.column_types import BOOLEAN, DATE, FRICTIONLESS, FRICTIONLESS_NAME, INTEGER, NUMBER, STRING, TIME
from ml8s.data.instants import day_of, instant_of
from ml8s.data.schema import LOGS, ROLES, Constraints, Field, Value
from ml8s.data.schema_json import SchemaProblems, pointer

MAX_FIELDS: Final = 5_000
MAX_NAME: Final = 256
MAX_ENUM: Final = 10_000
MAX_PATTERN: Final = 1_000

_FIELD_KEYS: Final = (
    "name", "type", "title", "description", "example", "format", "rdfType", "constraints", "ml8s:role", "ml8s:log",
)  # fmt: skip
_CONSTRAINT_KEYS: Final = ("required", "unique", "enum", "minimum", "maximum", "pattern")
_ORDERED: Final = (INTEGER, NUMBER, TIME, DATE)
_EXAMPLE: Final = 'e.g. {"name": "age", "type": "integer"}'


def read_fields(value: Json, at: str, problems: SchemaProblems) -> list[Field]:
    """Reads the list of fields; names that are equal but for their case are a problem."""
    if not isinstance(value, list) or not value:
        problems.add(at, "fields must be a list with one object per column", _EXAMPLE)
        return []
    if len(value) > MAX_FIELDS:
        problems.add(at, f"{len(value):,} fields; at most {MAX_FIELDS:,} are read", "drop columns before publishing")
        return []
    fields: list[Field] = []
    seen: dict[str, str] = {}
    for index, item in enumerate(value):
        one = _read_field(item, at + pointer(index), problems)
        if one is None:
            continue
        other = seen.get(one.name.casefold())
        if other is not None:
            how = "stands twice" if other == one.name else f"differs from {other!r} in case only"
            problems.add(at + pointer(index, "name"), f"the name {one.name!r} {how}", "give each column its own name")
            continue
        seen[one.name.casefold()] = one.name
        fields.append(one)
    return fields


def _read_field(value: Json, at: str, problems: SchemaProblems) -> Field | None:
    if not isinstance(value, Mapping):
        problems.add(at, "a field is an object with name and type", _EXAMPLE)
        return None
    problems.check_keys(value, _FIELD_KEYS, at)
    name, theirs = value.get("name"), value.get("type")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        problems.add(at + "/name", f"a name is a text of 1 to {MAX_NAME} characters", "name the column as in the table")
        return None
    ours = FRICTIONLESS.get(theirs) if isinstance(theirs, str) else None
    if ours is None:
        cure = f"one of {', '.join(FRICTIONLESS)}"
        problems.add(at + "/type", f"column {name!r}: the type {theirs!r} is none that ML8s reads", cure)
        return None
    if value.get("format", "default") != "default":
        problems.add(at + "/format", f"column {name!r}: only the format 'default' is read", "drop the format")
    role = _one_of(value.get("ml8s:role"), (None, *ROLES), at + "/ml8s:role", problems)
    log = _one_of(value.get("ml8s:log", "keep"), LOGS, at + "/ml8s:log", problems)
    constraints = _read_constraints(value.get("constraints", {}), ours, at + "/constraints", problems)
    return Field(name, ours, constraints, role, log or "keep")


def _one_of(value: Json, known: tuple[str | None, ...], at: str, problems: SchemaProblems) -> str | None:
    if (value is None or isinstance(value, str)) and value in known:
        return value
    problems.add(at, f"{value!r} is not possible here", f"one of {', '.join(name for name in known if name)}")
    return None


def _read_constraints(value: Json, ours: str, at: str, problems: SchemaProblems) -> Constraints:
    if not isinstance(value, Mapping):
        problems.add(at, "constraints is an object", 'e.g. {"required": true}')
        return Constraints()
    problems.check_keys(value, _CONSTRAINT_KEYS, at)
    minimum = _bound(value, "minimum", ours, at, problems)
    maximum = _bound(value, "maximum", ours, at, problems)
    if minimum is not None and maximum is not None and minimum > maximum:
        problems.add(at + "/minimum", "the minimum is greater than the maximum", "swap them")
    return Constraints(
        required=_flag(value, "required", at, problems),
        unique=_flag(value, "unique", at, problems),
        enum=_enum(value.get("enum"), ours, at + "/enum", problems),
        minimum=minimum,
        maximum=maximum,
        pattern=_pattern(value.get("pattern"), ours, at + "/pattern", problems),
    )


def _flag(value: Mapping[str, Json], key: str, at: str, problems: SchemaProblems) -> bool:
    flag = value.get(key, False)
    if not isinstance(flag, bool):
        problems.add(at + pointer(key), f"{key} is true or false, not {flag!r}", f'write "{key}": true')
        return False
    return flag


def _bound(value: Mapping[str, Json], key: str, ours: str, at: str, problems: SchemaProblems) -> int | float | None:
    if key not in value:
        return None
    if ours not in _ORDERED:
        problems.add(at + pointer(key), f"a {ours} has no {key}", "use enum or pattern, or drop it")
        return None
    bound = _typed(value[key], ours, at + pointer(key), problems)
    return bound if isinstance(bound, int | float) else None


def _enum(value: Json, ours: str, at: str, problems: SchemaProblems) -> tuple[Value, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ENUM:
        problems.add(at, f"enum is a list of 1 to {MAX_ENUM:,} values", 'e.g. ["yes", "no"]')
        return None
    typed = [_typed(item, ours, at + pointer(index), problems) for index, item in enumerate(value)]
    known = [item for item in typed if item is not None]
    if len(set(known)) < len(known):
        problems.add(at, "enum names a value twice", "name each value once")
    return tuple(known)


def _pattern(value: Json, ours: str, at: str, problems: SchemaProblems) -> str | None:
    if value is None:
        return None
    if ours != STRING:
        problems.add(at, f"a {ours} has no pattern", "use minimum, maximum or enum")
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_PATTERN:
        problems.add(at, f"a pattern is a text of 1 to {MAX_PATTERN:,} characters", 'e.g. "[A-Z]{3}"')
        return None
    try:
        pc.match_substring_regex(as_texts(["x"]), whole(value))
    except pa.ArrowInvalid as error:
        reason = str(error).split(": ", 1)[-1]
        problems.add(at, f"the pattern {value!r} is no RE2 expression: {reason}", "RE2 has no look-around or \\1")
        return None
    return value


def whole(pattern: str) -> str:
    """A pattern that must match the whole value, as Table Schema asks."""
    return rf"\A(?:{pattern})\z"


def _typed(value: Json, ours: str, at: str, problems: SchemaProblems) -> Value | None:
    """A value of the schema as the type of its column; None after noting a problem."""
    read = _READERS[ours]
    try:
        return read(value)
    except (ValueError, TypeError):
        name = FRICTIONLESS_NAME[ours]
        problems.add(at, f"{value!r} is no {name}", f"write it as a {name}{_AS.get(ours, '')}")
        return None


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _integer(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise TypeError
    return value


def _number(value: Json) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(float(value)):
        raise TypeError
    return float(value)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _instant(value: Json) -> int:
    return instant_of(_text(value))


def _day(value: Json) -> int:
    return day_of(_text(value))


_READERS: Final[dict[str, Callable[[Json], Value]]] = {
    BOOLEAN: _boolean,
    INTEGER: _integer,
    NUMBER: _number,
    STRING: _text,
    TIME: _instant,
    DATE: _day,
}
_AS: Final = {TIME: ', e.g. "2026-02-11T00:00:00Z"', DATE: ', e.g. "2026-02-11"'}
