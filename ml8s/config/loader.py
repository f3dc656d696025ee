"""From a file to a Config: read, parse strictly, check everything, report all problems at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import fspath
from pathlib import PurePath
from typing import Final, cast

from pydantic import ValidationError

from ml8s.artifacts import Json, canonical_json
from ml8s.config import files, locations, names, overrides, problems, rules
from ml8s.config.model import Config, Section
from ml8s.config.report import Finding, Source, problem_at
from ml8s.config.report import problems as as_problems
from ml8s.config.strict_yaml import Document, NotReadable, Path, parse
from ml8s.errors import ConfigUnreadable, InvalidConfig, Problem

LARGEST_RESOLVED: Final = 48 * 1024
# What stands in for a required field that is missing, so that the rules about other fields can still be asked.
_PLACEHOLDERS: Final[Mapping[Path, Json]] = {
    ("dataset_uri",): ".",
    ("task",): "classification",
    ("target_column",): "target",
    ("split",): {"strategy": "random"},
    ("split", "strategy"): "random",
}

_SECTIONS: Final = frozenset(
    name
    for name, part in Config.model_fields.items()
    if isinstance(part.annotation, type) and issubclass(part.annotation, Section)
)


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A valid config and where it came from.

    Attributes:
        config: the resolved config, its name included.
        text: the file as written.
        origin: the path or address of the file, as given.
        sources: for each field by its dotted path ``file:line``, ``set`` (``--set``), ``file name`` or ``default``.
        overrides: the ``--set`` values, as given.
    """

    config: Config
    text: str
    origin: str
    sources: Mapping[str, str]
    overrides: tuple[str, ...] = ()

    @property
    def dataset_location(self) -> str:
        """Where the snapshot is: an absolute folder or a store's address; relative ones from the config's folder."""
        return locations.resolve(self.config.dataset_uri, self.origin)


def load_config(source: str | PurePath, overrides: Sequence[str] = ()) -> LoadedConfig:
    """Reads and checks a config.

    Args:
        source: a path, s3://… or abfs://….
        overrides: ``key=value`` each, on top of the file.

    Raises:
        ConfigNotFound: nothing is there.
        ConfigUnreadable: the file is not the plain YAML that a config is.
        InvalidConfig: values are wrong; ``problems`` holds every one, sorted by line.
        StoreError: an address of a store cannot be read.
    """
    origin = fspath(source)
    return parse_config(files.read_text(origin), origin, overrides)


def parse_config(text: str, origin: str, given: Sequence[str] = ()) -> LoadedConfig:
    """Checks the text of a config that came from ``origin``; raises as ``load_config`` does."""
    try:
        document = parse(text)
    except NotReadable as error:
        fault = error.fault
        found = problem_at(Source(origin, text), fault.position, fault.message, fault.cure)
        raise _unreadable(origin, [found]) from None
    if not isinstance(document.value, dict):
        where = Source(origin, text, values=document.values)
        raise _unreadable(origin, as_problems(where, [Finding((), *_not_a_mapping(document.value))]))
    overridden, findings = overrides.apply(document, given)
    source = Source(origin, text, document.keys, document.values, overridden)
    name = _name_from_file(document.value, origin)
    config, more = _checked(document, [finding.path for finding in findings])
    findings += more
    if name is not None and not any(finding.path == ("name",) for finding in findings):
        refused = names.refusal(name, origin)
        findings += [Finding(("name",), *refused, at_key=True)] if refused else []
        config = config if refused or config is None else config.model_copy(update={"name": name})
    faults = [problem_at(source, f.position, f.message, f.cure) for f in document.faults]
    _raise_if_any(source, faults, findings)
    if config is None:
        raise AssertionError("a config without a finding is valid")
    _refuse_if_too_large(config, origin)
    return LoadedConfig(config, text, origin, _sources(config, source, from_file=name is not None), tuple(given))


def _not_a_mapping(value: Json) -> tuple[str, str]:
    if value is None:
        return "the file is empty", "`ml8s explain` shows what a config holds"
    what = "a list" if isinstance(value, list) else "a single value"
    return (
        f"the file holds {what}, and a config is made of `key: value` lines",
        "`ml8s explain` shows what a config holds",
    )


def _name_from_file(value: Mapping[str, Json], origin: str) -> str | None:
    return names.name_of_file(origin) if value.get("name") is None else None


def _raise_if_any(source: Source, faults: list[Problem], findings: Sequence[Finding]) -> None:
    found = faults + as_problems(source, findings)
    found = list(dict.fromkeys(sorted(found, key=_order)))
    if faults:
        raise _unreadable(source.origin, found)
    if found:
        raise InvalidConfig(
            f"{source.origin} has {_count(found)}",
            where=source.origin,
            problems=found,
            cure="mend the lines above, then `ml8s validate` again",
        )


def _order(problem: Problem) -> tuple[bool, int, int]:
    line, column = problem.where.rsplit(":", 2)[-2:] if not problem.where.startswith("--set") else ("0", "0")
    return problem.where.startswith("--set"), int(line), int(column)


def _count(found: Sequence[Problem]) -> str:
    return "1 problem" if len(found) == 1 else f"{len(found)} problems"


def _unreadable(origin: str, found: Sequence[Problem]) -> ConfigUnreadable:
    return ConfigUnreadable(
        f"{origin} has {_count(found)}",
        where=origin,
        problems=found,
        cure="mend the lines above; a config is plain YAML without anchors, tags and templates",
    )


def _checked(document: Document, unreliable: list[Path]) -> tuple[Config | None, list[Finding]]:
    """The config where it is valid, and what the model and every answerable rule say about it."""
    hidden = [*unreliable, *document.unreliable]
    try:
        config = Config.model_validate_json(json.dumps(document.value))
        refused: list[Finding] = []
    except ValidationError as error:
        errors = error.errors(include_url=False)
        refused = problems.findings(errors, document, hidden)
        hidden += [tuple(e["loc"]) for e in errors]
        config = _readable_part(document.value, hidden)
    return config, refused + list(rules.findings(config, hidden))


def _readable_part(value: Json, broken: Sequence[Path]) -> Config:
    """The config without what is broken in it, and with placeholders where something required is missing."""
    kept = _without(value, broken)
    for path, placeholder in _PLACEHOLDERS.items():
        parent = kept if len(path) == 1 else cast(dict[str, Json], kept[str(path[0])])
        parent.setdefault(str(path[-1]), placeholder)
    return Config.model_validate_json(json.dumps(kept))


def _without(value: Json, broken: Sequence[Path]) -> dict[str, Json]:
    """A copy without the fields that broken paths lie in: a broken item takes its list along, a gate all gates."""
    dropped = {path[: 2 if path[0] in _SECTIONS else 1] for path in broken if path}
    kept: dict[str, Json] = {}
    for name, part in cast(Mapping[str, Json], value).items():
        if (name,) in dropped:
            continue
        kept[name] = part
        if name in _SECTIONS and isinstance(part, Mapping):
            kept[name] = {key: item for key, item in part.items() if (name, key) not in dropped}
    return kept


def _refuse_if_too_large(config: Config, origin: str) -> None:
    size = len(canonical_json(config.model_dump(mode="json")))
    if size > LARGEST_RESOLVED:
        raise InvalidConfig(
            f"{origin} is too large: {size} bytes with all values, and at most {LARGEST_RESOLVED} are allowed",
            where=origin,
            cure="shorten its lists",
        )


def _sources(config: Config, source: Source, *, from_file: bool) -> dict[str, str]:
    found = {}
    for path in _leaves(config, ()):
        if source.override_of(path) is not None:
            origin = "set"
        elif path in source.keys:
            origin = f"{source.origin}:{source.keys[path].line}"
        else:
            origin = "file name" if path == ("name",) and from_file else "default"
        found[".".join(map(str, path))] = origin
    return found


def _leaves(section: Section, prefix: Path) -> list[Path]:
    leaves: list[Path] = []
    for name in type(section).model_fields:
        value = getattr(section, name)
        inner = isinstance(value, Section) and not prefix
        leaves += _leaves(value, (name,)) if inner else [(*prefix, name)]
    return leaves
