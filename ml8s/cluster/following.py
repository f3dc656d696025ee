"""Following a run: a follower hears how its Workflow and its pods' logs go on, and why it does not."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from ml8s.cluster import submission
from ml8s.cluster.failure import trouble_of
from ml8s.cluster.kubectl import Kubectl
from ml8s.cluster.refusals import refusal
from ml8s.cluster.story import Follower, tell
from ml8s.cluster.view import DONE, RunView, StepView, read_view
from ml8s.cluster.watching import LineSaid, News, Watching, WatchLost, WorkflowSeen
from ml8s.errors import ClusterUnreachable, ML8sError, RunNotFound
from ml8s.runner.log_lines import read_progress, read_warning

LAST_LINES: Final = 12
TICK_SECONDS: Final = 0.5
DRAIN_SECONDS: Final = 5.0
ALIVE: Final = ("Pending", "Running")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds, a run's follower waits.

    Attributes:
        silence: for a cluster that does not answer, before it gives up; the run goes on.
        trouble: for a pod that cannot start (no image, no Secret), before it stops the run.
        uptake: for Argo to take the run up, before it says that nobody does.
    """

    silence: float = 600.0
    trouble: float = 45.0
    uptake: float = 60.0


@dataclass
class Following:
    """One run that is followed; ``view`` is its latest, ``last_lines`` the end of each task's log by label."""

    kubectl: Kubectl
    attempt: str
    follower: Follower
    patience: Patience = field(default_factory=Patience)
    view: RunView | None = None
    last_lines: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=LAST_LINES)))
    _lost_since: float | None = None
    _troubled: dict[str, float] = field(default_factory=dict)
    _noted: set[str] = field(default_factory=set)
    _cached: set[str] = field(default_factory=set)

    def run(self) -> RunView:
        """Follows to the end and answers the last view.

        Raises:
            ImageMissing, PodRefused: a pod can never start; the run was stopped.
            ClusterUnreachable: the cluster was silent for too long; the run goes on.
            RunNotFound: there is no such run, or it was deleted.
        """
        watching = Watching(self.kubectl, self.attempt)
        watching.begin()
        try:
            self._listen(watching)
        finally:
            watching.end()
        assert self.view is not None
        return self.view

    def _listen(self, watching: Watching) -> None:
        began = monotonic()
        while self.view is None or not self.view.over:
            self._take(watching.next(TICK_SECONDS), watching)
            self._check_trouble()
            if monotonic() - began > self.patience.uptake and (self.view is None or not self.view.steps):
                self._say_once("Argo Workflows has not taken the run up yet: is its controller running? `ml8s doctor`")

    def _take(self, news: News | None, watching: Watching) -> None:
        match news:
            case WorkflowSeen(workflow):
                self._lost_since = None
                self._see(read_view(workflow), watching)
            case LineSaid(label, line):
                self._hear(label, line)
            case WatchLost(complaint):
                self._lose(complaint)

    def _see(self, view: RunView, watching: Watching) -> None:
        before, self.view = self.view, view
        for step in view.steps:
            self._read_log(step, watching)
            for each in step.tries:
                if each.phase not in ALIVE:
                    watching.pod_ended(each.pod)
        if view.over:
            self._drain(watching)
        tell(before, view, self.follower, cached=self._cached)

    def _read_log(self, step: StepView, watching: Watching) -> None:
        """Reads the log of a task's latest pod; one that ended well is gone soon."""
        if step.last is not None and step.last.phase != "Pending" and step.state != DONE:
            watching.read_log(step.label, step.last.pod)

    def _hear(self, label: str, line: str) -> None:
        if (progress := read_progress(line)) is not None:
            self.follower.progressed(label, progress)
        elif (warning := read_warning(line)) is not None:
            self.follower.noted(label, warning)
            self.last_lines[label].append(line)
        elif line.startswith(f"{label} is cached: "):
            self._cached.add(label)
        elif line.strip():
            self.last_lines[label].append(line)

    def _drain(self, watching: Watching) -> None:
        """Hears what the logs still say."""
        end = monotonic() + DRAIN_SECONDS
        while (news := watching.next(0.1 if watching.reading else 0.0)) or (watching.reading and monotonic() < end):
            if isinstance(news, LineSaid):
                self._hear(news.label, news.line)

    def _check_trouble(self) -> None:
        """Ends a run whose pod can never start: Argo would wait for its deadline."""
        found = {step.label: error for step in (self.view.steps if self.view else ()) if (error := trouble_of(step))}
        now = monotonic()
        self._troubled = {label: self._troubled.get(label, now) for label in found}
        for label, error in found.items():
            self._say_once(error.message)
            if now - self._troubled[label] > self.patience.trouble:
                submission.stop(self.kubectl, self.attempt)
                raise error

    def _lose(self, complaint: str) -> None:
        """Bears with a cluster that does not answer, for a while; any other complaint is the end."""
        error: ML8sError = refusal(complaint, self.kubectl.namespace, ["get", "workflow"])
        if f'"{self.attempt}" not found' in complaint:
            raise unknown_run(self.attempt, self.kubectl.namespace)
        if not isinstance(error, ClusterUnreachable):
            raise error
        self._say_once("the cluster does not answer; the run goes on, and is followed again when it does")
        now = monotonic()
        self._lost_since = now if self._lost_since is None else self._lost_since
        if now - self._lost_since > self.patience.silence:
            error.cure = f"the run goes on: `ml8s runs show {self.attempt} --follow` when the cluster answers again"
            raise error

    def _say_once(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self.follower.noted("run", text)


def unknown_run(attempt: str, namespace: str) -> RunNotFound:
    """The error for a run that is not in the cluster, or not any more."""
    return RunNotFound(
        f"no run {attempt!r} in namespace {namespace!r}",
        where=namespace,
        cure="`ml8s runs list` shows the runs that are kept; those of this machine with --local",
    )
