"""Errors between processes: an error of a child, raised again in its parent as the same class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from ml8s.artifacts import Json
from ml8s.errors import ContractViolation, InputMissing, InternalError, ML8sError, Problem


def error_to_json(error: ML8sError) -> dict[str, Json]:
    """An error as JSON."""
    return {
        "class": type(error).__name__,
        "message": error.message,
        "where": error.where,
        "cure": error.cure,
        "problems": [asdict(problem) for problem in error.problems],
        "producer": error.producer if isinstance(error, InputMissing) else "",
        "report": getattr(error, "report", None),
    }


def error_from_json(value: Mapping[str, Json]) -> ML8sError:
    """The error that ``error_to_json`` wrote; an unknown class is a bug and says so."""
    message, where, cure = str(value["message"]), str(value["where"]), str(value["cure"])
    if value["class"] == InputMissing.__name__:
        return InputMissing(message, producer=str(value["producer"]), where=where, cure=cure)
    kind = {found.__name__: found for found in _tree(ML8sError)}.get(str(value["class"]), InternalError)
    problems = value["problems"]
    assert isinstance(problems, list)
    error = kind(message, where=where, cure=cure, problems=[Problem(**problem) for problem in problems])
    if isinstance(error, ContractViolation) and isinstance(value["report"], Mapping):
        error.report = value["report"]
    return error


def _tree(root: type[ML8sError]) -> Iterator[type[ML8sError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)
