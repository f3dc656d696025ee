"""The state of a model is a fold of the events of its name, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml8s.registry.events import ARCHIVED, PROMOTED, REGISTERED, REJECTED, REVOKED, Actor, Event, next_event
from ml8s.registry.lifecycle import states

TYPES = (REGISTERED, PROMOTED, ARCHIVED, REJECTED, REVOKED, "approved", "a_type_of_the_future")
MODELS = ("fraud_20260101", "fraud_20260101-2", "fraud_20260201")
ACTOR = Actor("someone", "local", False)

moves = st.lists(st.tuples(st.sampled_from(TYPES), st.sampled_from(MODELS)), max_size=30)


def log_of(history: list[tuple[str, str]]) -> list[Event]:
    log: list[Event] = []
    for kind, model_id in history:
        log.append(next_event(log, kind=kind, model_id=model_id, record="0" * 64, actor=ACTOR, at="2026-07-11"))
    return log


@given(moves)
def test_at_most_one_model_of_a_name_is_in_production(history: list[tuple[str, str]]) -> None:
    assert list(states(log_of(history)).values()).count("production") <= 1


@given(moves, moves)
def test_a_revoked_model_stays_revoked(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> None:
    assert states(log_of([*before, (REVOKED, MODELS[0]), *after]))[MODELS[0]] == "revoked"


@given(moves)
def test_events_of_unknown_types_change_nothing(history: list[tuple[str, str]]) -> None:
    known = [move for move in history if move[0] in TYPES[:5]]
    found = states(log_of(history))
    assert {model: state for model, state in found.items() if state != "candidate"} == {
        model: state for model, state in states(log_of(known)).items() if state != "candidate"
    }


@given(moves)
def test_a_second_registered_event_changes_nothing(history: list[tuple[str, str]]) -> None:
    once = states(log_of([(REGISTERED, MODELS[0]), *history]))
    again = states(log_of([(REGISTERED, MODELS[0]), *history, (REGISTERED, MODELS[0])]))
    assert once == again


@given(moves, st.integers(0, 30))
def test_what_a_fold_says_of_a_prefix_is_a_function_of_the_prefix(history: list[tuple[str, str]], cut: int) -> None:
    assert states(log_of(history)[:cut]) == states(log_of(history[:cut]))


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([], None),
        ([REGISTERED], "candidate"),
        ([REGISTERED, PROMOTED], "production"),
        ([REGISTERED, REJECTED], "rejected"),
        ([REGISTERED, REJECTED, PROMOTED], "rejected"),
        ([REGISTERED, REJECTED, ARCHIVED], "archived"),
        ([REGISTERED, PROMOTED, REJECTED], "production"),
        ([REGISTERED, PROMOTED, ARCHIVED], "archived"),
        ([REGISTERED, PROMOTED, ARCHIVED, PROMOTED], "production"),
        ([REGISTERED, REVOKED, PROMOTED], "revoked"),
        ([PROMOTED], "production"),
    ],
)
def test_a_model_moves_along_its_events(history: list[str], state: str | None) -> None:
    assert states(log_of([(kind, MODELS[0]) for kind in history])).get(MODELS[0]) == state


def test_a_promotion_archives_the_model_before_and_a_rollback_brings_it_back() -> None:
    first, second = MODELS[:2]
    history = [(REGISTERED, first), (PROMOTED, first), (REGISTERED, second), (PROMOTED, second)]
    assert states(log_of(history)) == {first: "archived", second: "production"}
    assert states(log_of([*history, (PROMOTED, first)])) == {first: "production", second: "archived"}
