"""From what pydantic refuses to what its writer reads: one function of a few lines for each kind of refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic_core import ErrorDetails

from ml8s.artifacts import Json
from ml8s.config import fields
from ml8s.config.flow import flow
from ml8s.config.model import NAME_PATTERN, UNBUILT_SECTIONS
from ml8s.config.report import Finding
from ml8s.config.strict_yaml import Document, Path

# What people write -> the field that they mean.
_SYNONYMS: Final = {
    "target": "target_column", "label": "target_column", "label_column": "target_column", "y": "target_column",
    "data": "dataset_uri", "dataset": "dataset_uri", "data_uri": "dataset_uri", "uri": "dataset_uri",
    "random_state": "seed", "random_seed": "seed", "type": "task", "problem_type": "task", "model_name": "name",
    "models": "automl.estimators", "estimator_list": "automl.estimators", "learners": "automl.estimators",
    "budget": "automl.time_budget", "timeout": "automl.time_budget", "max_iter": "automl.max_trials",
    "trials": "automl.max_trials", "n_trials": "automl.max_trials", "test_size": "split.test",
    "validation_size": "split.tune", "drop": "columns.ignore", "exclude": "columns.ignore",
    "sample_weight": "columns.weight", "query": "columns.group", "features": "feature_engineering",
    "thresholds": "evaluation.gates", "metrics": "metric", "memory_limit": "resources.memory",
}  # fmt: skip
_YES = frozenset(("yes", "Yes", "YES", "y", "Y", "on", "On", "ON"))
_NO = frozenset(("no", "No", "NO", "n", "N", "off", "Off", "OFF"))
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Refusal:
    """One value, or one name that the config gives, that the model refuses: where, what, and how it is written.

    ``longest`` is the number of characters that it may have, where that is why it is refused.
    """

    kind: str
    path: Path
    value: Json
    written: str | None
    message: str
    longest: int | None = None
    of_name: bool = False

    @property
    def name(self) -> str:
        """The dotted path, with indices in brackets."""
        return dotted(self.path)

    @property
    def field(self) -> fields.Field | None:
        """The field that it lies in."""
        return fields.find(self.path)


Phrase: TypeAlias = tuple[str, str]


def dotted(path: Path) -> str:
    """A path as people write it: ``automl.estimators[0]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def shown(value: Json) -> str:
    """A value as it would stand in the file, cut to 60 characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def example(field: fields.Field) -> str:
    """A line that is right for a field."""
    return f"`{field.name}: {flow(field.example)}`"


def _missing(refusal: Refusal) -> Phrase:
    field = refusal.field
    if field is None:
        return f"`{refusal.name}` is missing", "add it"
    if field.section:
        inner = next(f for f in fields.fields().values() if f.path.startswith(f"{field.path}.") and f.required)
        return f"the section `{refusal.name}` is missing", f"add `{field.name}:` with {example(inner)} below it"
    choice = f" ({field.expected})" if field.allowed else ""
    return f"`{refusal.name}` is missing: {_lower(field.description)}", f"add a line such as {example(field)}{choice}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _unknown_key(refusal: Refusal) -> Phrase:
    name, section = str(refusal.path[-1]), dotted(refusal.path[:-1])
    if not section and name in UNBUILT_SECTIONS:
        return (
            f"the section `{name}` is not built yet: {UNBUILT_SECTIONS[name]} comes with a later version",
            "remove it; this version trains, evaluates and registers",
        )
    place = f"in section `{section}`" if section else "at the top level"
    return f"there is no field `{name}` {place}", _instead(name, section)


def _instead(name: str, section: str) -> str:
    from difflib import get_close_matches

    known = fields.fields()
    elsewhere = [path for path, field in known.items() if field.name == name and path != name]
    if elsewhere or name in known:
        homes = [path.rpartition(".")[0] for path in elsewhere]
        place = f"section {' or '.join(f'`{home}`' for home in homes)}" if homes else "the top level"
        return f"`{name}` belongs in {place}: move it there"
    if name in _SYNONYMS:
        return f"did you mean `{_SYNONYMS[name]}`?"
    prefix = f"{section}." if section else ""
    siblings = [f.name for f in known.values() if f.path.rpartition(".")[0] == section]
    near = [f"{prefix}{match}" for match in get_close_matches(name, siblings, n=1, cutoff=0.6)]
    if not near:
        names = {field.name: path for path, field in known.items()}
        near = [names[match] for match in get_close_matches(name, names, n=1, cutoff=0.75)]
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known fields here: {', '.join(siblings)}"


def _wrong_type(refusal: Refusal) -> Phrase:
    field, value, written = refusal.field, refusal.value, refusal.written
    if field is None:
        return f"`{refusal.name}` must not be {_what(value)}", "`ml8s explain` lists all fields"
    message = f"`{refusal.name}` must be {_expected(refusal, field)}, not {_what(value)}"
    if value is None:
        return f"`{refusal.name}` has no value", f"write {example(field)}, or remove the line"
    if field.kind == "true or false" and written in _YES | _NO:
        plain = "true" if written in _YES else "false"
        return message, f"a plain `{written}` is text in YAML 1.2: write `{field.name}: {plain}`"
    return message, _right_type(refusal, field) or f"for example {example(field)}"


def _right_type(refusal: Refusal, field: fields.Field) -> str:
    value = refusal.value
    if isinstance(value, str) and field.kind in ("number", "whole number"):
        digits = value.replace("_", "").replace(" ", "")
        if digits.lstrip("+-").replace(".", "", 1).isdigit():
            return f"write {digits}, without {'quotes' if refusal.written is None else '`_`'}"
    if isinstance(value, int | float) and "text" in field.kind and refusal.kind == "string_type":
        text = json.dumps(value) if refusal.written is None else refusal.written
        return f'put it in quotes: "{text}"'
    if field.kind.startswith("list") and isinstance(value, str | int | float) and not isinstance(refusal.path[-1], int):
        return f"put it in brackets: `{field.name}: [{shown(value)}]`"
    return ""


def _expected(refusal: Refusal, field: fields.Field) -> str:
    if refusal.kind == "string_type" and "." in refusal.name + "." and refusal.path[-1] != field.name:
        return field.pattern or "text"
    return field.expected


def _what(value: Json) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the truth value {json.dumps(value)}"
    if isinstance(value, int | float):
        return f"the number {json.dumps(value)}"
    if isinstance(value, str):
        return f"the text {shown(json.dumps(value, ensure_ascii=False))}"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _not_allowed(refusal: Refusal) -> Phrase:
    from difflib import get_close_matches

    field = refusal.field
    allowed = field.allowed if field else ()
    near = get_close_matches(str(refusal.value).lower(), allowed, n=1, cutoff=0.6)
    message = f"`{refusal.name}` must be one of {', '.join(allowed)}, not {_what(refusal.value)}"
    if field and len(allowed) == 1:
        message = f"`{refusal.name}` can only be {allowed[0]}, not {_what(refusal.value)}"
    return message, f"did you mean `{near[0]}`?" if near else f"for example {example(field)}" if field else ""


def _out_of_range(refusal: Refusal) -> Phrase:
    field = refusal.field
    if field is None:
        return f"`{refusal.name}` is out of range", ""
    unit = f" ({field.unit})" if field.unit else ""
    cure = f"for example {example(field)}"
    if field.unit == "fraction" and isinstance(refusal.value, int | float) and 1 <= refusal.value < 90:
        cure = f"it is a fraction of 1: write {refusal.value / 100:g} for {refusal.value:g} %"
    return f"`{refusal.name}` must be {field.expected}{unit}, not {shown(refusal.value)}", cure


def _wrong_form(refusal: Refusal) -> Phrase:
    field = refusal.field
    if field is None:
        return f"`{refusal.name}` has the wrong form", ""
    form = field.pattern or field.expected
    return f"`{refusal.name}` must be {form}, not {shown(refusal.value)}", f"for example {example(field)}"


def _empty(refusal: Refusal) -> Phrase:
    field = refusal.field
    line = f"write {example(field)}, or remove the line" if field and not field.required else "write a value"
    return f"`{refusal.name}` is empty", line


def _too_long(refusal: Refusal) -> Phrase:
    length = len(refusal.value) if isinstance(refusal.value, str) else 0
    return f"`{refusal.name}` has {length} characters, more than {refusal.longest}", "shorten it"


def _bad_name(refusal: Refusal) -> Phrase:
    """Of a key that is a name, as that of an entity."""
    name, place = str(refusal.path[-1]), dotted(refusal.path[:-1])
    if refusal.kind == "string_too_long":
        return (
            f"the name `{shown(name)}` in `{place}` has {len(name)} characters, more than {refusal.longest}",
            "shorten it",
        )
    field = fields.find(refusal.path[:-1])
    cure = f"for example {example(field)}" if field else ""
    return f"the name `{shown(name)}` in `{place}` must be {fields.in_words(NAME_PATTERN)}", cure


def _otherwise(refusal: Refusal) -> Phrase:
    field = refusal.field
    return f"`{refusal.name}`: {_lower(refusal.message)}", f"for example {example(field)}" if field else ""


PHRASES: Final[Mapping[str, Callable[[Refusal], Phrase]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    **dict.fromkeys(
        (
            "string_type",
            "int_type",
            "float_type",
            "bool_type",
            "tuple_type",
            "dict_type",
            "model_type",
        ),
        _wrong_type,
    ),
    "literal_error": _not_allowed,
    **dict.fromkeys(("greater_than", "greater_than_equal", "less_than", "less_than_equal"), _out_of_range),
    "string_pattern_mismatch": _wrong_form,
    **dict.fromkeys(("string_too_short", "too_short"), _empty),
    "string_too_long": _too_long,
}


def findings(errors: Sequence[ErrorDetails], document: Document, unreliable: Iterable[Path]) -> list[Finding]:
    """All refusals in words; those below a value that could not be read are left out."""
    hidden = tuple(unreliable)
    by_path: dict[Path, Refusal] = {}
    for error in errors:
        refusal = _refusal(error, document)
        if not any(refusal.path[: len(path)] == path for path in hidden):
            by_path.setdefault(refusal.path, refusal)
    return [
        _finding(refusal)
        for path, refusal in by_path.items()
        if not (refusal.kind == "too_short" and any(p[: len(path)] == path and p != path for p in by_path))
    ]


def _finding(refusal: Refusal) -> Finding:
    message, cure = (_bad_name if refusal.of_name else PHRASES.get(refusal.kind, _otherwise))(refusal)
    return Finding(refusal.path, message, cure, refusal.of_name or refusal.kind in ("missing", "extra_forbidden"))


def _refusal(error: ErrorDetails, document: Document) -> Refusal:
    """An error at the path in the file: what pydantic appends for each branch of a union is cut off."""
    path: Path = ()
    node = document.value
    for part in error["loc"]:
        if isinstance(node, dict) and part in node:
            node = node[str(part)]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        elif error["type"] == "missing":
            node = None
        else:
            break
        path = (*path, part)
    longest = error.get("ctx", {}).get("max_length")
    of_name = error["loc"][-1:] == ("[key]",)
    return Refusal(error["type"], path, node, document.written.get(path), error["msg"], longest, of_name)
