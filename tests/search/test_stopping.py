"""What ends a search, and why."""

from __future__ import annotations

import time

from ml8s.search.stopping import MAX_TRIALS, REPLAY, TIME_BUDGET, Budget, after, first_of


def begun(seconds_ago: float, work: float) -> Budget:
    """A budget of 100 seconds whose search has been going on for so long and has done so much work."""
    return Budget(100.0, began=time.monotonic() - seconds_ago, work=work)


def test_a_number_of_trials_is_exact() -> None:
    stop = after(3, REPLAY)
    assert [stop(done, 1e9) for done in range(5)] == [None, None, None, REPLAY, REPLAY]


def test_a_spent_budget_ends_the_search() -> None:
    assert begun(101, 1.0)(5, 0.0) == TIME_BUDGET
    assert begun(20, 1.0)(5, 0.0) is None


def test_a_trial_that_would_end_far_beyond_the_budget_is_not_begun() -> None:
    """80 seconds for 80 units of work: one of 20 fits, one of 25 would be 5 late, one of 40 would be 20 late."""
    assert begun(80, 80.0)(9, 20.0) is None
    assert begun(80, 80.0)(9, 25.0) is None
    assert begun(80, 80.0)(9, 40.0) == TIME_BUDGET


def test_the_first_trial_is_never_refused_for_its_work() -> None:
    assert begun(1, 0.0)(0, 1e18) is None


def test_of_two_rules_the_first_to_say_so_ends_it() -> None:
    assert first_of(after(9, MAX_TRIALS), begun(80, 80.0))(9, 40.0) == MAX_TRIALS
    assert first_of(after(10, MAX_TRIALS), begun(80, 80.0))(9, 40.0) == TIME_BUDGET
    assert first_of(after(10, MAX_TRIALS), begun(80, 80.0))(9, 1.0) is None
    assert first_of()(10**6, 1e18) is None


def test_a_budget_counts_the_work_of_every_trial_that_begins() -> None:
    budget = begun(1, 0.0)
    for done in range(4):
        assert budget(done, 2.0) is None
    assert budget.work == 8.0
