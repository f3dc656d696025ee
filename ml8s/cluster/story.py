"""From one view of a run to the next: what a listener is told. A function of two views."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final, Protocol

from ml8s.cluster.failure import delay_of, retried
from ml8s.cluster.view import DONE, FAILED, PENDING, RUNNING, SKIPPED, WAITING, RunView, StepView
from ml8s.runner.events import CACHED, RAN, Finished, Listener

EFFECT: Final = "register"
MODEL_ID: Final = "model_id"


class Follower(Listener, Protocol):
    """A listener that also hears why a step does not start."""

    def started(self, label: str, ago: float = 0.0) -> None:
        """A task's first pod was made, ``ago`` seconds before now."""

    def delayed(self, label: str, why: str) -> None:
        """A task waits, for example for a free machine."""


def tell(
    before: RunView | None,
    after: RunView,
    follower: Follower,
    *,
    cached: Collection[str] = (),
    now: datetime | None = None,
) -> None:
    """Tells a follower what happened between two views of a run.

    ``cached`` are the tasks whose pods said that the store has their result.
    """
    for step in after.steps:
        earlier = None if before is None else before.step(step.node)
        _tell_start(earlier or StepView(step.node, step.label), step, follower, now or datetime.now(UTC))
        if earlier is None or earlier.state != step.state:
            _tell_end(step, follower, CACHED if step.label in cached else RAN)


def _tell_start(before: StepView, after: StepView, follower: Follower, now: datetime) -> None:
    if before.state == WAITING and after.state in (PENDING, RUNNING, DONE, FAILED):
        ago = (now - after.began).total_seconds() if after.began and after.ended is None else 0.0
        follower.started(after.label, max(0.0, ago))
    known = retried(before)
    for told in retried(after)[len(known) :]:
        follower.noted(after.label, told)
    if (why := delay_of(after)) and why != delay_of(before):
        follower.delayed(after.label, why)


def _tell_end(step: StepView, follower: Follower, how: str) -> None:
    if step.state == SKIPPED:
        follower.finished(step.label, Finished(CACHED, 0.0, {}))
    elif step.state == DONE:
        model = step.outputs.get("result") if step.label == EFFECT else None
        follower.finished(step.label, Finished(how, step.seconds, {MODEL_ID: model} if model else {}))
    elif step.state == FAILED:
        follower.failed(step.label, step.message)
