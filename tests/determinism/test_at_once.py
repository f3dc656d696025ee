"""Two runs of one config at once on one store: one decision, one record; two results of one key are a violation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ml8s.errors import DeterminismViolation
from ml8s.registry import Registry
from ml8s.storage import open_store
from tests.determinism import rules
from tests.determinism.conftest import First, Row
from tests.determinism.jobs import Job, Made, Way, finish, outcome, run, start
from tests.determinism.rules import copy_of_the_code

BUDGETS = (2, 5, 12)


def budgeted(job: Job, seconds: int) -> Job:
    """The job whose search ends when its budget is spent."""
    return job.but("automl.max_trials=null", f"automl.time_budget={seconds}")


def records(store: Path, name: str) -> int:
    """How many records a store holds of a model."""
    return len(list(Registry(open_store(str(store))).records(name)))


@pytest.mark.slow
def test_two_budgeted_runs_at_once_end_with_one_record(first: Callable[[str], First], tmp_path: Path, row: Row) -> None:
    job = budgeted(first("species").job, BUDGETS[0])
    store = tmp_path / "store"
    started = [start(job, str(store), Way(slots=1)) for _ in range(2)]
    one, other = (finish(process) for process in started)
    assert one.differing(other) == []
    assert one.model_id == other.model_id
    assert records(store, "species") == 1
    row("two budgets at once", "species", len(one.digests))


@pytest.mark.slow
def test_without_one_decision_two_budgeted_runs_contradict_each_other(
    first: Callable[[str], First], tmp_path: Path, row: Row
) -> None:
    code = copy_of_the_code(tmp_path / "code", rules.FIRST_DECISION)
    ends: list[Made | str] = []
    for seconds in BUDGETS:
        job = budgeted(first("species").job, seconds)
        started = [start(job, str(tmp_path / f"store-{seconds}"), Way(slots=1, code=code)) for _ in range(2)]
        ends = [outcome(process) for process in started]
        if any(isinstance(end, str) for end in ends):
            break
    refused = [end for end in ends if isinstance(end, str)]
    assert refused
    assert all(DeterminismViolation.__name__ in end for end in refused)
    row("two budgets at once", "species", 0, f"without '{rules.FIRST_DECISION.name}' a violation")


@pytest.mark.slow
def test_two_runs_at_once_give_one_content_one_id(first: Callable[[str], First], tmp_path: Path, row: Row) -> None:
    job, store = first("species").job, tmp_path / "store"
    started = [start(job, str(store), Way(slots=slots)) for slots in (1, 2)]
    one, other = (finish(process) for process in started)
    assert one.differing(other) == one.differing(first("species").made) == []
    assert one.model_id == other.model_id
    assert records(store, "species") == 1
    row("two runs at once", "species", len(one.digests))


@pytest.mark.slow
def test_two_contents_of_one_key_are_a_violation_and_nothing_is_registered(
    first: Callable[[str], First], tmp_path: Path, row: Row
) -> None:
    job, store = first("species").job.but("automl.max_trials=6"), tmp_path / "store"
    code = copy_of_the_code(tmp_path / "code", rules.OWN_SEED)
    run(job, store, Way(until="featurize", code=code))
    started = [start(job, str(store), Way(slots=1, until="select", code=code)) for _ in range(2)]
    ends = [outcome(process) for process in started]
    refused = [end for end in ends if isinstance(end, str)]
    assert refused
    assert all(DeterminismViolation.__name__ in end for end in refused)
    conflicts = sorted((store / "cache").glob("*.conflict-*.json"))
    assert conflicts, "the second result is kept"
    assert (store / "cache" / f"{conflicts[0].name.partition('.')[0]}.json").exists(), "and so is the first"
    later = outcome(start(job, str(store), Way(code=code)))
    assert isinstance(later, str)
    assert DeterminismViolation.__name__ in later
    assert records(store, "species") == 0
    row("two runs at once", "species", 0, f"without '{rules.OWN_SEED.name}' a violation, nothing registered")
