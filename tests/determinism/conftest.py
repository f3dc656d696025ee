"""What the tests of determinism share: the rows of the table that they print, jobs with a first run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.determinism.jobs import Job, Made, Way, make_job, run

Row = Callable[[str, str, int, str], None]


@dataclass(frozen=True)
class First:
    """A job, and what its first run made: in UTC and the locale C.UTF-8, with two threads, in a folder."""

    job: Job
    made: Made
    store: Path


@pytest.fixture
def row(record_property: Callable[[str, object], None]) -> Row:
    """Adds to the table of axes: on which data how many digests were compared and agreed, or what the control showed.

    A control compares nothing that counts: its digests must differ.
    """

    def add(axis: str, data: str, compared: int, control: str = "") -> None:
        record_property("determinism", [axis, data, str(compared), control])

    return add


LOCALES = (("de_DE", "ISO-8859-1"), ("tr_TR", "ISO-8859-9"))
"""A decimal comma, and an i whose capital has a dot; both in an encoding that is not UTF-8."""


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The variables that put a process into each locale, compiled for the tests from Debian's sources."""
    folder = tmp_path_factory.mktemp("locales")
    found = {}
    for name, encoding in LOCALES:
        assert Path("/usr/share/i18n/locales", name).exists(), "locale sources are missing: sudo make test-deps"
        full = f"{name}.{encoding}"
        subprocess.run(["localedef", "-i", name, "-f", encoding, str(folder / full)], check=True, capture_output=True)
        found[name] = {"LOCPATH": str(folder), "LC_ALL": full, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        said = subprocess.run(
            [sys.executable, "-c", "import locale; print(locale.getpreferredencoding(False))"],
            env={**os.environ, **found[name]}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout.strip() == encoding, "the locale is not in force"
    return found


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], First]:
    """The first run of a job of this name, made once."""
    known: dict[str, First] = {}

    def made(name: str) -> First:
        if name not in known:
            folder = tmp_path_factory.mktemp(f"first-{name}")
            job = make_job(name, folder / "job")
            way = Way({"TZ": "UTC", "LC_ALL": "C.UTF-8"}, slots=2)
            known[name] = First(job, run(job, folder / "store", way), folder / "store")
        return known[name]

    return made
