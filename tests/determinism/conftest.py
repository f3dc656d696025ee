"""What the tests of determinism share: the rows of the table that they print, jobs with a first run."""

from __future__ import annotations

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
    """Adds a row to the table: axis, on which data, digests compared, and what the control showed."""

    def add(axis: str, data: str, compared: int, control: str) -> None:
        record_property("determinism", [axis, data, str(compared), control])

    return add


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
