"""From platform.yaml to a Platform: the strict reader of configs, every problem at once with its place and cure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ml8s.artifacts import Json
from ml8s.config import files
from ml8s.config.flow import flow
from ml8s.config.model import Section
from ml8s.config.report import Finding, Source, problem_at, problems
from ml8s.config.strict_yaml import Document, NotReadable, parse
from ml8s.errors import ConfigError, InvalidPlatform, PlatformMissing, Problem
from ml8s.platform.model import Platform
from ml8s.platform.named import FILE, VARIABLE, named_platform

CURE: Final = "mend the lines above; `ml8s explain platform` lists every field"


def load_platform(source: str | None = None, *, option: bool = True) -> Platform:
    """Reads and checks a platform: the given file, or the one in force.

    ``option`` says whether the command has ``--platform``, for the cure.

    Raises:
        PlatformMissing: no platform is named.
        InvalidPlatform: it cannot be read, or values are wrong; ``problems`` holds every one, sorted by line.
    """
    origin = source or named_platform()
    if origin is None:
        raise PlatformMissing(
            "no platform is named",
            where=FILE,
            cure=f"{'give --platform FILE, ' if option else ''}set {VARIABLE}, or put {FILE} into this folder",
        )
    try:
        text = files.read_text(origin)
    except ConfigError as error:
        message = error.message.replace("config", "platform")
        cure = "check --platform" if source else f"check {VARIABLE} and the file"
        raise InvalidPlatform(message, where=error.where, cure=cure) from error
    return parse_platform(text, origin)


def parse_platform(text: str, origin: str) -> Platform:
    """Checks the text of a platform that came from ``origin``; raises as ``load_platform`` does."""
    try:
        document = parse(text)
    except NotReadable as error:
        found = problem_at(Source(origin, text), error.fault.position, error.fault.message, error.fault.cure)
        raise _invalid(origin, [found]) from None
    source = Source(origin, text, document.keys, document.values)
    faults = [problem_at(source, fault.position, fault.message, fault.cure) for fault in document.faults]
    if faults:
        raise _invalid(origin, faults)
    try:
        return Platform.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        findings = [_finding(found, document) for found in error.errors(include_url=False)]
        raise _invalid(origin, problems(source, findings)) from None


def fields() -> Mapping[str, str]:
    """Every field of a platform by its dotted path, with its description, default and example as text."""
    return dict(_describe(Platform, "platform"))


def _describe(section: type[Section], prefix: str) -> Iterator[tuple[str, str]]:
    for name, info in section.model_fields.items():
        path, inner = f"{prefix}.{name}", info.annotation
        example = flow(cast(list[Json], info.examples or [None])[0])
        default = "none, it must be given" if info.is_required() else "as its fields say"
        nested = isinstance(inner, type) and issubclass(inner, Section)
        if not info.is_required() and not nested:
            default = flow(cast(Json, list(info.default) if isinstance(info.default, tuple) else info.default))
        yield path, f"{info.description}\n\n  default  {default}\n  example  {name}: {example}"
        if isinstance(inner, type) and issubclass(inner, Section):
            yield from _describe(inner, path)


def _invalid(origin: str, found: list[Problem]) -> InvalidPlatform:
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    return InvalidPlatform(f"{origin} has {count}", where=origin, problems=found, cure=CURE)


def _finding(error: ErrorDetails, document: Document) -> Finding:
    path = tuple(error["loc"])
    dotted = ".".join(map(str, path))
    known = fields()
    if error["type"] == "extra_forbidden":
        near = get_close_matches(f"platform.{dotted}", known, n=1, cutoff=0.6)
        cure = f"did you mean `{near[0].removeprefix('platform.')}`?" if near else "take it out"
        return Finding(path, f"a platform has no field `{dotted}`", cure, at_key=True)
    if error["type"] == "missing":
        return Finding(path, f"`{dotted}` is missing", f"add it; `ml8s explain platform.{dotted}` shows an example")
    if path[:1] == ("images",):
        return Finding(
            path, f"`{dotted}` is no image by digest", "write name@sha256:…, as `make images` prints it; a tag can move"
        )
    shape = document.value if not path else dotted
    message = error["msg"].removeprefix("Value error, ")
    return Finding(
        path,
        f"`{shape}` is not valid: {message[:1].lower()}{message[1:]}",
        f"`ml8s explain platform.{dotted}` shows an example" if dotted else CURE,
    )
