"""From what is wrong at a path of the config to a Problem: file:line:column, the line, a caret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ml8s.config.strict_yaml import Path, Position, lines_of
from ml8s.errors import Problem

_WIDEST = 100
_START = Position(1, 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a path; ``at_key`` puts the caret below the key instead of the value."""

    path: Path
    message: str
    cure: str
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of a config come from.

    ``overridden`` maps the path of each ``--set`` to it as given; ``keys`` and ``values`` are positions in ``text``.
    """

    origin: str
    text: str
    keys: Mapping[Path, Position] = field(default_factory=dict)
    values: Mapping[Path, Position] = field(default_factory=dict)
    overridden: Mapping[Path, str] = field(default_factory=dict)

    def override_of(self, path: Path) -> str | None:
        """The ``--set`` that a path's value comes from, if any."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.overridden:
                return self.overridden[path[:length]]
        if path in self.keys:
            return None
        return next((text for given, text in self.overridden.items() if given[: len(path)] == path), None)

    def position(self, path: Path, *, at_key: bool = False) -> Position:
        """The place of a path in the text; of its nearest ancestor where the text has none of it."""
        if not at_key and path in self.values:
            return self.values[path]
        for length in range(len(path), 0, -1):
            if path[:length] in self.keys:
                return self.keys[path[:length]]
            if path[:length] in self.values:
                return self.values[path[:length]]
        return _START


def problems(source: Source, findings: Iterable[Finding]) -> list[Problem]:
    """All findings as problems, each once, sorted by line and column; overrides come last."""
    placed = []
    for finding in findings:
        override = source.override_of(finding.path)
        if override is not None:
            placed.append((1, Position(0, 0), Problem(finding.message, f"--set {override}", finding.cure)))
        else:
            position = source.position(finding.path, at_key=finding.at_key)
            problem = problem_at(source, position, finding.message, finding.cure)
            if position == _START and finding.path not in source.keys:
                problem = replace(problem, excerpt="")  # what is missing altogether has no line of its own
            placed.append((0, position, problem))
    placed.sort(key=lambda entry: entry[:2])
    return list(dict.fromkeys(problem for _, _, problem in placed))


def problem_at(source: Source, position: Position, message: str, cure: str) -> Problem:
    """A problem at a place of the text, with its line and a caret."""
    return Problem(message, f"{source.origin}:{position.line}:{position.column}", cure, excerpt(source.text, position))


def excerpt(text: str, position: Position) -> str:
    """The line of a position, cut to 100 characters around it, and a caret below it."""
    lines = lines_of(text)
    if position.line > len(lines) or not lines[position.line - 1].strip():
        return ""
    line, column = lines[position.line - 1].replace("\t", " "), position.column - 1
    start = max(0, column - _WIDEST // 2) if len(line) > _WIDEST else 0
    shown = line[start : start + _WIDEST]
    return f"{shown.rstrip()}\n{' ' * (column - start)}^"
