"""SIGKILL at every call of the store and at every operation on a file: the next run ends as if nothing had happened."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from ml8s.runner import training
from ml8s.runner.training import train
from ml8s.storage import open_store
from tests.crash.mortal import MortalStore, at_operation, die, in_a_fork, mortal_opener
from tests.crash.soundness import assert_sound, results
from tests.runner.desk import Desk
from tests.s3_server import mark_probed

Recorder = Callable[[str, object], None]


class Trial:
    """A run of the stub in one process, killed at some moment, then run again."""

    def __init__(self, desk: Desk, uri: Callable[[str], str]) -> None:
        self.desk = desk
        self.uri = uri
        self.number = 0
        self.train("reference")
        self.expected = results(open_store(self.uri("reference")))
        assert len(self.expected) == 4

    def train(self, name: str) -> None:
        trained = train(replace(self.desk.request(), store=self.uri(name), slots=1))
        assert trained.model_id is not None

    def dies(self, index: int, *, after: bool) -> int | None:
        """Runs with a store that kills at its n-th call, then again; the number of calls where it was not killed."""

        def mortal(name: str) -> int:
            opened: list[MortalStore] = []
            training.open_store = mortal_opener(index, after=after, opened=opened)  # type: ignore[assignment]
            self.train(name)
            return max(store.calls for store in opened)

        return self.killed(mortal)

    def dies_on_disk(self, index: int) -> int | None:
        def mortal(name: str) -> int:
            count = at_operation(Path(self.uri(name)), index, die)
            self.train(name)
            return count()

        return self.killed(mortal)

    def killed(self, mortal: Callable[[str], int]) -> int | None:
        self.number += 1
        name = f"trial-{self.number}"
        answer = in_a_fork(lambda: mortal(name))
        store = open_store(self.uri(name))
        assert assert_sound(store)["records"] <= 1
        self.train(name)
        kinds = assert_sound(store)
        assert (kinds["claims"], kinds["records"], kinds["events"]) == (1, 1, 1)
        assert results(store) == self.expected
        if Path(self.uri(name)).exists():
            shutil.rmtree(self.uri(name))
        return answer

    def at_all(self, points: Iterable[int], dies: Callable[[int], int | None]) -> int:
        """Kills at each point until a run outlives it; gives how many were killed."""
        killed = 0
        for index in points:
            if dies(index) is not None:
                break
            killed += 1
        return killed


@pytest.fixture
def in_a_folder(desk: Desk) -> Trial:
    return Trial(desk, lambda name: str(desk.root / "stores" / name))


@pytest.fixture
def in_a_bucket(desk: Desk, bucket: str) -> Trial:
    def probed(name: str) -> str:
        uri = f"s3://{bucket}/{name}"
        mark_probed(open_store(uri))
        return uri

    return Trial(desk, probed)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_sample_of_deaths_at_calls_of_a_folder(in_a_folder: Trial, after: bool) -> None:
    assert in_a_folder.at_all(range(3, 10**6, 37), lambda at: in_a_folder.dies(at, after=after)) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_every_call_of_a_folder(in_a_folder: Trial, after: bool, record_property: Recorder) -> None:
    killed = in_a_folder.at_all(range(1, 10**6), lambda at: in_a_folder.dies(at, after=after))
    record_property(
        "figures", f"killed at each of {killed} calls of the folder store, {'after' if after else 'before'} the effect"
    )
    assert killed >= 100


def test_a_sample_of_deaths_at_operations_on_files(in_a_folder: Trial) -> None:
    assert in_a_folder.at_all(range(5, 10**6, 97), in_a_folder.dies_on_disk) >= 4


@pytest.mark.slow
def test_a_death_at_every_third_operation_on_a_file(in_a_folder: Trial, record_property: Recorder) -> None:
    killed = in_a_folder.at_all(range(1, 10**6, 3), in_a_folder.dies_on_disk)
    record_property("figures", f"killed before every third of the operations: {killed} times")
    assert killed >= 150


@pytest.mark.parametrize(
    "after", [pytest.param(False, marks=pytest.mark.slow, id="before"), pytest.param(True, id="after")]
)
def test_a_sample_of_deaths_at_calls_of_a_bucket(in_a_bucket: Trial, after: bool) -> None:
    assert in_a_bucket.at_all(range(20, 10**6, 60), lambda at: in_a_bucket.dies(at, after=after)) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_deaths_at_every_third_call_of_a_bucket(in_a_bucket: Trial, after: bool, record_property: Recorder) -> None:
    killed = in_a_bucket.at_all(range(1, 10**6, 3), lambda at: in_a_bucket.dies(at, after=after))
    record_property("figures", f"killed at {killed} calls of the S3 store, {'after' if after else 'before'} the effect")
    assert killed >= 20
