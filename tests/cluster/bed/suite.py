"""Running the cluster's tests: the bed up if it is down, the tests, and down again."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.cluster.bed import bring_up, console, lock, tear_down, wrappers
from tests.cluster.bed.places import REPOSITORY, SOURCES, Places
from tests.cluster.bed.problem import BedError, Impossible

# What each verb runs inside the bed; `offline` needs no bed, and proves the bed's own code.
FOLDERS = {"smoke": ("offline", "smoke"), "test": (".",)}
# Tests that bring the bed up and down themselves, and so run outside it, before the others.
LIFE = SOURCES / "life"


@dataclass(frozen=True)
class Outcome:
    """How many tests ended how."""

    passed: int
    failed: int
    skipped: int

    def __add__(self, other: "Outcome") -> "Outcome":
        """Return the counts of two runs together."""
        return Outcome(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def line(self) -> str:
        """Return the last line of a run."""
        others = [(self.failed, "failed"), (self.skipped, "skipped")]
        return ", ".join([f"cluster: {self.passed} passed", *(f"{n} {word}" for n, word in others if n)])


def outcome_of(junit: Path) -> Outcome:
    """Count the tests of a JUnit report; an error counts as a failure."""
    suites = ElementTree.parse(junit).getroot().iter("testsuite")
    rows = [
        {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")} for suite in suites
    ]
    failed = sum(row["failures"] + row["errors"] for row in rows)
    skipped = sum(row["skipped"] for row in rows)
    return Outcome(sum(row["tests"] for row in rows) - failed - skipped, failed, skipped)


def run_suite(places: Places, verb: str, arguments: Sequence[str]) -> int:
    """Run tests on the bed and return the exit code; the last line says how it went.

    A machine without root, Go or network namespaces is excused; where they
    are there, a bed that does not come up fails, and so does a skipped test.
    """
    try:
        bring_up.check(places)
    except Impossible as error:
        console.answer(f"cluster: impossible here: {error}")
        return 0 if error.excusable else 1
    was_up = places.state.exists() and bring_up.is_whole(places)
    outcome = Outcome(0, 0, 0)
    try:
        if verb == "test":
            _down(places)
            outcome += _run(places, "life", [sys.executable], [str(LIFE)], dict(os.environ))
        with lock.held(places):
            bring_up.up(places)
        outcome += _run_inside(places, verb, arguments)
    except BedError as error:
        console.complain(f"cluster: {error}")
        outcome += Outcome(0, 1, 0)
    if not was_up:
        _down(places)
    console.answer(outcome.line())
    return int(outcome.failed > 0 or outcome.skipped > 0 or outcome.passed == 0)


def _down(places: Places) -> None:
    with lock.held(places):
        tear_down.down(places)


def _run_inside(places: Places, verb: str, arguments: Sequence[str]) -> Outcome:
    """Run the tests of a verb; the wrapper of Python enters the network namespace."""
    folders = [str(SOURCES / folder) for folder in FOLDERS[verb]]
    python = str(places.wrappers / "python")
    words = [*folders, f"--ignore={LIFE}", *arguments]
    return _run(places, verb, [python], words, wrappers.test_environment(places))


def _run(places: Places, name: str, python: list[str], words: Sequence[str], env: dict[str, str]) -> Outcome:
    """Run pytest and count; an exit code without a failed test counts as one."""
    junit = places.logs / f"{name}.xml"
    junit.parent.mkdir(parents=True, exist_ok=True)
    junit.unlink(missing_ok=True)
    argv = [*python, "-m", "pytest", *words, f"--junitxml={junit}", "-p", "no:cacheprovider", "--durations=5"]
    code = subprocess.run(argv, cwd=REPOSITORY, env=env, check=False).returncode
    found = outcome_of(junit) if junit.exists() else Outcome(0, 0, 0)
    return found if code == 0 or found.failed else found + Outcome(0, 1, 0)
