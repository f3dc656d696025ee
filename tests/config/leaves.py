"""The leaves of the config's model, walked through its pydantic classes, and a config that has a place for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, get_args

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, StringConstraints

from ml8s.artifacts import Json
from ml8s.config.fields import ANY, Field, fields
from ml8s.config.flow import flow
from ml8s.config.model import Config

ENTITY: Final = "shop"
PLAIN: Final[Mapping[str, Json]] = {
    "dataset_uri": "s3://ml-datasets/x/v1",
    "task": "classification",
    "target_column": "y",
    "name": "fraud",
    "split": {"strategy": "random"},
}
FORECAST: Final[Mapping[str, Json]] = {
    **PLAIN,
    "task": "forecasting",
    "split": {"strategy": "time", "time_column": "t"},
    "forecasting": {"horizon": 7, "frequency": "1d"},
}
AS_OF: Final[Mapping[str, Json]] = {
    **PLAIN,
    "split": {"strategy": "time", "time_column": "t"},
    "feature_engineering": {
        "enabled": True,
        "entities": {ENTITY: {"key": ["shop_id"]}},
        "label_history": {"delay": "7d"},
    },
}


@dataclass(frozen=True)
class Leaf:
    """A field that holds no further fields: its path, with the name of an entity where one stands, and its bounds."""

    path: tuple[str, ...]
    annotation: object
    bounds: tuple[object, ...]

    @property
    def name(self) -> str:
        """The dotted path."""
        return ".".join(self.path)

    @cached_property
    def field(self) -> Field:
        """What `ml8s explain` and the reference say of it."""
        return fields()[".".join(ANY if part == ENTITY else part for part in self.path)]

    @property
    def base(self) -> Mapping[str, Json]:
        """A valid config in which this leaf has a place."""
        return {"forecasting": FORECAST, "feature_engineering": AS_OF}.get(self.path[0], PLAIN)

    def holding(self, text: str) -> list[Json]:
        """Values of this leaf that hold a text: as itself, as an item, as a key and below a key; none for numbers."""
        kind = self.field.kind
        if kind == "mapping":
            return [{text: {}}] if self.name.endswith("entities") else [{text: ">= 0"}, {"log_loss": text}]
        if kind == "list of text":
            return [[text]]
        return [text] if "text" in kind.split(" or ") else []

    def config(self, written: str) -> tuple[str, int, int]:
        """A config with these characters as this leaf's value, and the line and column where they begin."""
        lines = list(_lines(self.base, (), self.path))
        number = next(number for number, (_, path) in enumerate(lines) if path == self.path)
        key = lines[number][0]
        text = "".join(f"{line} {written}\n" if path == self.path else f"{line}\n" for line, path in lines)
        return text, number + 1, len(f"{key} ") + 1


def _lines(value: Mapping[str, Json], above: tuple[str, ...], to: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The lines of a mapping and each one's path; the way to one path is written as blocks, and its end left empty."""
    names = dict(value) if to[: len(above)] != above else {**value, to[len(above)]: value.get(to[len(above)])}
    for name, part in names.items():
        path, indent = (*above, name), "  " * len(above)
        if path == to:
            yield f"{indent}{name}:", path
        elif to[: len(path)] == path:
            yield f"{indent}{name}:", None
            yield from _lines(part if isinstance(part, dict) else {}, path, to)
        else:
            yield f"{indent}{name}: {flow(part)}", path


def _models(annotation: object) -> Iterator[tuple[type[BaseModel], bool]]:
    """The sections within an annotation, each with whether it stands under a name of its own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, False
    named = getattr(annotation, "__origin__", None) is dict
    for part in get_args(annotation):
        for model, _ in _models(part):
            yield model, named


def _walk(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[Leaf]:
    for name, info in model.model_fields.items():
        inner = list(_models(info.annotation))
        for section, named in inner:
            yield from _walk(section, (*above, name, ENTITY) if named else (*above, name))
        if not inner or any(named for _, named in inner):
            yield Leaf((*above, name), info.annotation, (*info.metadata, *_within(info.annotation)))


def _within(annotation: object) -> list[object]:
    """The bounds that stand in an optional text's own type."""
    found = list(getattr(annotation, "__metadata__", ()))
    for part in get_args(annotation):
        found += getattr(part, "__metadata__", ())
    return found


def outside(leaf: Leaf) -> list[Json]:
    """Values of the leaf's own type just beyond its bounds."""
    found: list[Json] = []
    listed = leaf.field.kind.startswith("list")
    for bound in leaf.bounds:
        found += [[]] if listed and isinstance(bound, MinLen) else _beyond(bound)
    if leaf.field.range and not found:  # a rule checks it
        found += [float(number) for number in re.findall(r"(?:above|below) (\S+)", leaf.field.range)]
    if leaf.field.allowed and leaf.field.kind != "true or false":
        found.append("nothing")
    if leaf.field.kind == "mapping":
        return [{value: {}} if leaf.name.endswith("entities") else {"log_loss": value} for value in found]  # type: ignore[dict-item]
    return [value if not listed or value == [] else [value] for value in found]


def _beyond(bound: object) -> list[Json]:
    """The nearest values that one bound refuses."""
    found: list[Json] = []
    match bound:
        case Ge():
            found.append(bound.ge - 1)  # type: ignore[operator]
        case Gt():
            found.append(bound.gt)  # type: ignore[arg-type]
        case Le():
            found.append(bound.le + 1)  # type: ignore[operator]
        case Lt():
            found.append(bound.lt)  # type: ignore[arg-type]
        case MinLen():
            found.append("")
        case MaxLen():
            found.append("x" * (bound.max_length + 1))
        case StringConstraints():
            found += ["x" * (bound.max_length + 1)] if bound.max_length else []
            found += [""] if bound.min_length else []
            found += ["No! 7"] if bound.pattern else []
    return found


LEAVES: Final = tuple(_walk(Config, ()))
