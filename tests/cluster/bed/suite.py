"""Running the cluster's tests: the bed up if it is down, the tests, and down again."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.cluster.bed import bring_up, console, lock, tear_down, wrappers
from tests.cluster.bed.places import REPOSITORY, SOURCES, Places
from tests.cluster.bed.problem import BedError, Impossible

# What each verb runs; `offline` needs no bed, and proves the bed's own code.
FOLDERS = {"smoke": ("offline", "smoke"), "test": (".",)}


@dataclass(frozen=True)
class Outcome:
    """How many tests ended how."""

    passed: int
    failed: int
    skipped: int

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
    try:
        with lock.held(places):
            bring_up.up(places)
        code, line = _run_tests(places, verb, arguments)
    except BedError as error:
        console.complain(f"cluster: {error}")
        code, line = 1, "cluster: 0 passed, the bed did not come up"
    if not was_up:
        with lock.held(places):
            tear_down.down(places)
    console.answer(line)
    return code


def _run_tests(places: Places, verb: str, arguments: Sequence[str]) -> tuple[int, str]:
    junit = places.logs / f"{verb}.xml"
    junit.unlink(missing_ok=True)
    folders = [str(SOURCES / folder) for folder in FOLDERS[verb]]
    pytest = ["-m", "pytest", *folders, f"--junitxml={junit}", "-p", "no:cacheprovider", *arguments]
    # The wrapper enters the network namespace.
    done = subprocess.run(
        [str(places.wrappers / "python"), *pytest],
        cwd=REPOSITORY,
        env=wrappers.test_environment(places),
        check=False,
    )
    if not junit.exists():
        return done.returncode or 1, "cluster: 0 passed, the tests did not run"
    outcome = outcome_of(junit)
    return done.returncode or int(outcome.skipped > 0 or outcome.passed == 0), outcome.line()
