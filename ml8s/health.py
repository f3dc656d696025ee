"""What `ml8s doctor` finds: one check, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ml8s.artifacts import Json
from ml8s.errors import ML8sError, Problem


class State(StrEnum):
    """How a check ended. ``unknown``: it could not be made; ``warning``: it holds, and could be better."""

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, how it ended, what was found; and for a failure the error with its cure."""

    name: str
    state: State
    found: str
    error: ML8sError | None = None
    cure: str = ""

    def to_json(self) -> Json:
        """The check as a row; ``code`` and ``cure`` are empty where nothing is to be mended."""
        code = self.error.code if self.error else ""
        return {"check": self.name, "state": self.state, "found": self.found, "code": code, "cure": self.cure}


def good(name: str, found: str) -> Check:
    """A check that holds."""
    return Check(name, State.OK, found)


def failed(name: str, error: ML8sError) -> Check:
    """A check that does not hold, with why and the cure."""
    return Check(name, State.FAILED, error.message, error, error.cure)


def unknown(name: str, found: str, cure: str = "") -> Check:
    """A check that could not be made."""
    return Check(name, State.UNKNOWN, found, cure=cure)


def warned(name: str, error: ML8sError) -> Check:
    """A check of something that works and that the cure would make better."""
    return Check(name, State.WARNING, error.message, error, error.cure)


def attempt(name: str, check: Callable[[], str]) -> Check:
    """Makes a check that answers what it found, or raises why it does not hold."""
    try:
        return good(name, check())
    except ML8sError as error:
        return failed(name, error)


def verdict(checks: Sequence[Check]) -> ML8sError | None:
    """None where no check failed; else an error of the first failure's class, with every failure and its cure.

    The first decides code and exit status, because later checks often fail for the same reason.
    """
    broken = [(check, check.error) for check in checks if check.state is State.FAILED and check.error is not None]
    if not broken:
        return None
    first, error = broken[0]
    return type(error)(
        f"{len(broken)} of {len(checks)} checks failed, first: {first.name}",
        where=error.where,
        cure="mend the first one first: what follows may come from it; then `ml8s doctor` again",
        problems=[Problem(check.found, where=check.name, cure=check.cure) for check, _ in broken],
    )
