"""The register of rules between fields of the config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from ml8s.config.model import Config
from ml8s.config.report import Finding
from ml8s.config.strict_yaml import Path

Check: TypeAlias = Callable[[Config], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check and the dotted paths of the fields that it looks at."""

    fields: tuple[str, ...]
    check: Check


RULES: Final[list[Rule]] = []


def rule(*fields: str) -> Callable[[Check], Check]:
    """Registers a check under the fields that it looks at."""

    def register(check: Check) -> Check:
        RULES.append(Rule(fields, check))
        return check

    return register


def findings(config: Config, unreliable: Iterable[Path]) -> Iterator[Finding]:
    """What every rule says whose fields can all be relied on."""
    broken = tuple(tuple(str(part) for part in path) for path in unreliable)
    for entry in RULES:
        paths = [tuple(field.split(".")) for field in entry.fields]
        if not any(_overlap(path, bad) for path in paths for bad in broken):
            yield from entry.check(config)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
