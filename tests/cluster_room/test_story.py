"""What a follower hears between two views of a run, and what the terminal makes of it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ml8s.cluster.story import tell
from ml8s.cluster.view import DONE, FAILED, PENDING, RUNNING, SKIPPED, RunView, StepView, TryView
from ml8s.cluster.watching import read_objects
from tests.runner.desk import Heard

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Listener(Heard):
    """Keeps what it hears, starts and waits included."""

    starts: list[tuple[str, float]] = field(default_factory=list)
    waits: list[tuple[str, str]] = field(default_factory=list)

    def started(self, label: str, ago: float = 0.0) -> None:
        self.starts.append((label, ago))

    def delayed(self, label: str, why: str) -> None:
        self.waits.append((label, why))


def run(*steps: StepView) -> RunView:
    return RunView("run-1", "Running", steps=steps)


SPLIT = StepView("split", "split")
STARTED = replace(SPLIT, state=PENDING, began=NOW - timedelta(seconds=30), tries=(TryView("a", "Pending"),))


def test_a_step_is_told_from_its_first_pod_to_its_end_each_once() -> None:
    heard = Listener()
    done = replace(STARTED, state=DONE, ended=NOW, tries=(TryView("a", "Succeeded", "0"),))
    views = [run(SPLIT), run(STARTED), run(STARTED), run(replace(STARTED, state=RUNNING)), run(done), run(done)]
    before = None
    for view in views:
        tell(before, view, heard, now=NOW)
        before = view
    assert heard.starts == [("split", 30.0)]
    assert list(heard.ends) == ["split"]
    assert (heard.ends["split"].how, heard.ends["split"].seconds) == ("done", 30.0)


def test_a_step_that_ended_between_two_looks_is_told_whole() -> None:
    heard = Listener()
    register = StepView("register", "register", DONE, began=NOW, ended=NOW, outputs={"result": "fraud_20260101"})
    tell(run(StepView("register", "register")), run(register), heard, now=NOW)
    assert heard.starts == [("register", 0.0)]
    assert heard.ends["register"].facts == {"model_id": "fraud_20260101"}


def test_what_the_store_had_is_cached_with_a_pod_and_without() -> None:
    heard = Listener()
    skipped = replace(SPLIT, state=SKIPPED)
    looked = replace(STARTED, node="validate", label="validate", state=DONE, ended=NOW)
    tell(None, run(looked, skipped), heard, cached={"validate"}, now=NOW)
    assert {label: end.how for label, end in heard.ends.items()} == {"split": "cached", "validate": "cached"}
    assert heard.starts == [("validate", 0.0)]


def test_tries_and_waits_are_told_when_they_change() -> None:
    heard = Listener()
    waiting = replace(STARTED, message="Unschedulable: 0/1 nodes are available")
    again = replace(STARTED, state=RUNNING, tries=(TryView("a", "Failed", "137"), TryView("b", "Running")))
    failed = replace(again, state=FAILED, message="main: Error (exit code 2)")
    for before, after in [(run(SPLIT), run(waiting)), (run(waiting), run(waiting)), (run(waiting), run(again)),
                          (run(again), run(again)), (run(again), run(failed))]:  # fmt: skip
        tell(before, after, heard, now=NOW)
    assert [label for label, _ in heard.waits] == ["split"]
    assert heard.notes == ["was killed: tried again"]
    assert heard.failures == ["split"]


def test_objects_are_read_as_they_become_whole_whatever_the_pieces() -> None:
    values = [{"a": "é{" * 50}, {"b": [1, {"c": "}"}]}, {}]
    text = "\n".join(json.dumps(value, indent=1, ensure_ascii=False) for value in values).encode()

    class Pieces(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return self.read(7)

    assert list(read_objects(Pieces(text))) == values
    assert list(read_objects(Pieces(text[:-1]))) == values[:-1]
