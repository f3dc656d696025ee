"""What each field of the config is, read off the model: the source of explain, the reference and the cures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias, cast

from ml8s.artifacts import Json
from ml8s.config.model import (
    DURATION_PATTERN,
    GATE_PATTERN,
    MEMORY_PATTERN,
    NAME_PATTERN,
    REFRESH_PATTERN,
    WINDOW_PATTERN,
    Config,
)

Schema: TypeAlias = Mapping[str, Json]

ANY: Final = "*"
"""Stands in a path for a name that the config gives, as that of an entity."""

_NOUNS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "null": "null",
}
_BOUNDS: Final = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
_PATTERNS: Final = {
    DURATION_PATTERN: "a number with s, m, h or d, such as 7d",
    WINDOW_PATTERN: "a number with s, m, h or d, such as 7d, or `all`",
    REFRESH_PATTERN: "a number with s, m, h or d, such as 1d, or `none`",
    MEMORY_PATTERN: "a number with Mi or Gi, such as 4Gi",
    NAME_PATTERN: "lower-case letters, digits and single `_`, beginning with a letter",
    GATE_PATTERN: 'a bound such as ">= 0.9": one of >=, >, <=, < and a number',
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field or section of the config.

    Attributes:
        path: dotted.
        kind: its type in words, such as "list of text".
        description: what it is for.
        required: whether it must be given.
        default: its value where it is not given.
        example: a value that is valid.
        unit: of a number or duration, or empty.
        allowed: the values that it may have, where they are few.
        range: its bounds in words, or empty.
        pattern: how a text must look, in words, or empty.
        section: whether it holds further fields.
    """

    path: str
    kind: str
    description: str
    required: bool
    default: Json
    example: Json
    unit: str = ""
    allowed: tuple[str, ...] = ()
    range: str = ""
    pattern: str = ""
    section: bool = False

    @property
    def name(self) -> str:
        """The last part of the path: the key itself."""
        return self.path.rpartition(".")[2]

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.section:
            return "a section: keys and values, indented"
        if self.kind.startswith("list"):
            inner = f" of {_choice(self.allowed)}" if self.allowed else f": {self.pattern}" if self.pattern else ""
            return f"a list{inner}" if inner else f"a {self.kind}"
        if self.allowed:
            return _choice(self.allowed)
        words = self.pattern or _with_article(self.kind)
        several = " or " in self.kind and not self.pattern  # the range is that of numbers alone
        return words if several or not self.range else f"{words} {self.range}"


def _with_article(kind: str) -> str:
    return kind if kind.split(maxsplit=1)[0] in ("true", "text", "null") else f"a {kind}"


def _choice(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"one of {', '.join(values)}"


@cache
def schema() -> Schema:
    """The JSON Schema of the config, as pydantic derives it."""
    whole = Config.model_json_schema()
    for part in whole["properties"].values():
        if "$ref" in part:  # pydantic leaves out a description that equals the section's own
            part.setdefault("description", whole["$defs"][part["$ref"].rpartition("/")[2]]["description"])
    return cast(Schema, whole)


@cache
def fields() -> Mapping[str, Field]:
    """Every field and section by its dotted path, in the order of the model."""
    found: dict[str, Field] = {}
    _collect(schema(), "", found)
    return found


def _collect(section: Schema, prefix: str, found: dict[str, Field]) -> None:
    required = cast(list[str], section.get("required", []))
    for name, part in cast(Mapping[str, Schema], section["properties"]).items():
        path = f"{prefix}{name}"
        reference = _reference(part)
        found[path] = _field(path, part, name in required, section=reference is not None)
        if reference is not None:
            _collect(reference, f"{path}.", found)
        for each in map(_reference, (part.get("additionalProperties"), *_by_pattern(part))):
            if each is not None:
                _collect(each, f"{path}.{ANY}.", found)


def _by_pattern(part: Schema) -> list[Json]:
    return list(cast(Mapping[str, Json], part.get("patternProperties", {})).values())


def _reference(part: Json) -> Schema | None:
    """The section that a part of the schema refers to, also where it may be null."""
    if not isinstance(part, Mapping):
        return None
    name = next((str(choice["$ref"]) for choice in _alternatives(part) if "$ref" in choice), "")
    if not name:
        return None
    return cast(Mapping[str, Schema], schema()["$defs"])[name.rpartition("/")[2]]


def _field(path: str, part: Schema, required: bool, *, section: bool) -> Field:
    kinds = _alternatives(part)
    inner = kinds[0]
    item = cast(Schema, inner.get("items") or inner.get("additionalProperties") or inner)
    item = item if isinstance(item, Mapping) else inner
    allowed = item.get("enum") or ([item["const"]] if "const" in item else [])
    return Field(
        path=path,
        kind="section" if section else " or ".join(_kind(kind) for kind in kinds),
        description=str(part.get("description", "")),
        required=required,
        default=None if section else part.get("default"),
        example=cast(list[Json], part.get("examples", [None]))[0],
        unit=str(part.get("unit", "")),
        allowed=tuple(str(value) for value in cast(list[Json], allowed)),
        range=_range(inner) or str(part.get("range", "")),
        pattern=_pattern(item),
        section=section,
    )


def _alternatives(part: Schema) -> list[Schema]:
    choices = cast(list[Schema], part.get("anyOf", [part]))
    return [choice for choice in choices if choice.get("type") != "null"] or [part]


def _kind(part: Schema) -> str:
    kind = str(part.get("type", "value"))
    if kind == "array":
        item = cast(Schema, part.get("items", {}))
        return f"list of {_NOUNS.get(str(item.get('type')), 'values')}"
    return _NOUNS.get(kind, kind)


def _range(part: Schema) -> str:
    return " and ".join(f"{words} {part[key]}" for key, words in _BOUNDS.items() if key in part)


def _pattern(item: Schema) -> str:
    pattern = str(item.get("pattern", ""))
    return in_words(pattern) if pattern else ""


def in_words(pattern: str) -> str:
    """How a text of a pattern looks."""
    return _PATTERNS.get(pattern, pattern)


def find(path: tuple[str | int, ...]) -> Field | None:
    """The field that a path of a document lies in: the longest known beginning of it; None for the whole."""
    names = [part for part in path if isinstance(part, str)]
    known = fields()
    while names:
        for place in (names, *([*names[:at], ANY, *names[at + 1 :]] for at in range(1, len(names) - 1))):
            if (field := known.get(".".join(place))) is not None:
                return field
        names.pop()
    return None
