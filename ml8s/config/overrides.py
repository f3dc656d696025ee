"""``--set key=value``: values given on the command line, on top of those in the file."""

from __future__ import annotations

from collections.abc import Sequence

from ml8s.artifacts import Json
from ml8s.config.report import Finding
from ml8s.config.strict_yaml import Document, NotReadable, Path, parse
from ml8s.errors import InvalidUsage


def apply(document: Document, overrides: Sequence[str]) -> tuple[dict[Path, str], list[Finding]]:
    """Sets each value in the document; answers which path came from which override, and what is wrong.

    Raises:
        InvalidUsage: an override is not KEY=VALUE.
    """
    given: dict[Path, str] = {}
    findings: list[Finding] = []
    for override in overrides:
        key, separator, text = override.partition("=")
        path: Path = tuple(key.strip().split("."))
        if not separator or not all(path) or not key.isprintable():
            raise InvalidUsage(
                f"--set takes KEY=VALUE, not {override!r}", cure="for example --set automl.max_trials=50"
            )
        given[path] = override
        try:
            value = parse(f"{text}\n") if text.strip() else Document()
        except NotReadable as refused:
            findings.append(Finding(path, refused.fault.message, refused.fault.cure))
            continue
        findings += [Finding(path, fault.message, fault.cure) for fault in value.faults]
        _forget(document, path)
        document.written.update({(*path, *inner): text for inner, text in value.written.items()})
        if not _place(document, path, value.value):
            findings.append(Finding(path, f"`{key}` lies in no section", "`ml8s explain` lists all fields"))
    return given, findings


def _forget(document: Document, path: Path) -> None:
    """Positions of what the override replaces no longer mean anything; that of the key itself may stay."""
    for inner in [known for known in document.written if known[: len(path)] == path]:
        del document.written[inner]


def _place(document: Document, path: Path, value: Json) -> bool:
    if not isinstance(document.value, dict):
        return False
    node: dict[str, Json] = document.value
    for part in path[:-1]:
        inner = node.get(str(part))
        if inner is None:
            inner = node[str(part)] = {}
        if not isinstance(inner, dict):
            return False
        node = inner
    node[str(path[-1])] = value
    return True
