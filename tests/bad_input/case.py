"""A case of bad input, and what must hold of every one of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.bad_input.child import HANGED, Said, left_in_temporary, run_bounded
from tests.bad_input.written import listing, objects, unexplained

Make = Callable[[Path], object]

QUICK_EVERY: Final = 10
BUG: Final = 70


@dataclass(frozen=True)
class Case:
    """One thing that a user does wrong, and what the command must say.

    Attributes:
        name: what is wrong, in a few words.
        arguments: of ``ml8s``, as a shell splits them; ``{folder}`` and other places of the test are filled in.
        code: the error's code; empty where the command is right to succeed.
        says: words that name the cause and the cure.
        where: the place, as the message names it.
        status: the exit status.
        make: puts the bad files into the case's folder, where the command runs.
        environment: variables of the child.
        stdin: bytes that the child reads.
        stdout: a file that takes the output, ``-`` for a closed one.
        before: steps before the failing one, whose results may lie in the store.
    """

    name: str
    arguments: str
    code: str
    says: tuple[str, ...]
    where: str = ""
    status: int = 2
    make: Make | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    stdout: str = ""
    before: tuple[str, ...] = ()


def params(cases: Sequence[Case], quick_every: int = QUICK_EVERY) -> list[object]:
    """The cases as parameters of a test: every tenth in ``make test``, all in ``make test-all``."""
    assert len({case.name for case in cases}) == len(cases), "two cases of one name"
    return [
        pytest.param(case, id=case.name, marks=() if index % quick_every == 0 else pytest.mark.slow)
        for index, case in enumerate(cases)
    ]


def run_case(
    case: Case,
    folder: Path,
    places: Mapping[str, str] | None = None,
    *,
    more: Mapping[str, str] | None = None,
    empty: bool = True,
) -> Said:
    """Runs a case in a folder and checks the answer and what was written; gives what was said.

    ``more`` are variables of the child that the test gives, ``places`` what is filled in for ``{…}`` in the arguments.
    Without ``empty`` the store held a finished run before: then no object of it may have come or gone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if case.make is not None:
        case.make(folder)
    fill = {"folder": str(folder), **(places or {})}
    arguments = [_filled(word, fill) for word in shlex.split(case.arguments)]
    before, store = listing(folder), objects(folder / ".ml8s")
    said = run_bounded(
        arguments, folder, more={**case.environment, **(more or {})}, stdin=case.stdin, stdout=case.stdout
    )
    check(case, said)
    assert listing(folder) == before, "files of the user changed"
    assert left_in_temporary(folder) == [], "temporary files were left"
    if not empty:
        assert objects(folder / ".ml8s") == store, "the store changed"
    elif case.status:
        assert unexplained(folder / ".ml8s", case.before) == [], "something was written"
    return said


def _filled(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace("{" + name + "}", value)
    return text


def check(case: Case, said: Said) -> None:
    """What holds of every answer to bad input."""
    shown = f"\nexit {said.status} after {said.seconds:.1f} s, {said.megabytes:.0f} MB\n{said.words[-6000:]}"
    assert said.status != HANGED, f"it hung{shown}"
    assert "Traceback (most recent call last)" not in said.words, f"a traceback{shown}"
    assert said.status != BUG, f"a bug{shown}"
    assert said.status == case.status, f"not exit {case.status}{shown}"
    if case.code:
        assert f"error {case.code}: " in said.err, f"not {case.code}{shown}"
        assert "cure: " in said.err, f"no cure{shown}"
        assert len(said.err) < 20_000, f"too many words{shown[:3000]}"
    for words in (*case.says, case.where):
        assert words in said.words, f"not said: {words!r}{shown}"
