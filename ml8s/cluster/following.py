"""Following a run: its Workflow is watched, the logs of its pods are read as they grow, a follower hears of both."""

from __future__ import annotations

import json
from codecs import getincrementaldecoder
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import IO, Final

from ml8s.artifacts import Json
from ml8s.cluster import submission
from ml8s.cluster.failure import trouble_of
from ml8s.cluster.kubectl import Kubectl, Stream
from ml8s.cluster.refusals import refusal
from ml8s.cluster.story import Follower, tell
from ml8s.cluster.view import DONE, RunView, StepView, read_view
from ml8s.errors import ClusterUnreachable, ML8sError, RunNotFound
from ml8s.runner.log_lines import read_progress, read_warning

LAST_LINES: Final = 12
READ_BYTES: Final = 1 << 16
TICK_SECONDS: Final = 0.5
AGAIN_SECONDS: Final = 2.0
LOG_TRIES: Final = 30
DRAIN_SECONDS: Final = 5.0


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
    _heard: SimpleQueue[tuple[str, object]] = field(default_factory=SimpleQueue)
    _over: Event = field(default_factory=Event)
    _streams: list[Stream] = field(default_factory=list)
    _readers: dict[str, Thread] = field(default_factory=dict)
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
        watcher = Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            self._listen()
            self._drain()
        finally:
            self._over.set()
            for stream in self._streams:
                stream.end()
        assert self.view is not None
        return self.view

    def _listen(self) -> None:
        began = silent = monotonic()
        while self.view is None or not self.view.over:
            try:
                kind, value = self._heard.get(timeout=TICK_SECONDS)
            except Empty:
                kind, value = "", None
            if kind == "lost":
                self._lost(str(value), monotonic() - silent)
            elif kind == "workflow":
                silent = monotonic()
                self._see(read_view(value))  # type: ignore[arg-type]
            elif kind == "line":
                self._hear(*value)  # type: ignore[misc]
            self._check_trouble()
            if monotonic() - began > self.patience.uptake and (self.view is None or not self.view.steps):
                self._say_once("Argo Workflows has not taken the run up yet: is its controller running? `ml8s doctor`")

    def _see(self, view: RunView) -> None:
        before, self.view = self.view, view
        for step in view.steps:
            self._read_logs(step)
        if view.over:
            self._drain()
        tell(before, view, self.follower, cached=self._cached)

    def _read_logs(self, step: StepView) -> None:
        """Reads the log of a task's latest pod, from its start on; a pod that ended well is gone soon."""
        last = step.last
        if last is None or last.pod in self._readers or last.phase == "Pending" or step.state == DONE:
            return
        reader = Thread(target=self._read_log, args=(step.label, last.pod), daemon=True)
        self._readers[last.pod] = reader
        reader.start()

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

    def _drain(self) -> None:
        """Hears what the logs still say."""
        end = monotonic() + DRAIN_SECONDS
        while monotonic() < end and any(reader.is_alive() for reader in self._readers.values()):
            self._hear_next(0.1)
        while self._hear_next(0.0):
            pass

    def _hear_next(self, seconds: float) -> bool:
        try:
            kind, value = self._heard.get(timeout=seconds) if seconds else self._heard.get_nowait()
        except Empty:
            return False
        if kind == "line":
            self._hear(*value)  # type: ignore[misc]
        return True

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

    def _lost(self, complaint: str, silent: float) -> None:
        error: ML8sError = refusal(complaint, self.kubectl.namespace, ["get", "workflow"])
        if f'"{self.attempt}" not found' in complaint:
            raise unknown_run(self.attempt, self.kubectl.namespace)
        if complaint and not isinstance(error, ClusterUnreachable):
            raise error
        if complaint:
            self._say_once("the cluster does not answer; the run goes on, and is followed again when it does")
        if silent > self.patience.silence:
            error.cure = f"the run goes on: `ml8s runs show {self.attempt} --follow` when the cluster answers again"
            raise error

    def _say_once(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self.follower.noted("run", text)

    def _watch(self) -> None:
        """The Workflow, again and again whenever it changes; kubectl ends with a connection, so it is started anew."""
        words = ("get", submission.WORKFLOW, self.attempt, "-o", "json", "--watch")
        while not self._over.is_set():
            try:
                stream = self._open(*words)
                for value in read_objects(stream.output):
                    self._heard.put(("workflow", value))
                self._heard.put(("lost", stream.complaint()))
            except ML8sError as error:
                self._heard.put(("lost", error.message))
            self._over.wait(AGAIN_SECONDS)

    def _read_log(self, label: str, pod: str) -> None:
        for _ in range(LOG_TRIES):
            stream = self._open("logs", "--follow", pod, "--container", "main")
            heard = False
            for line in stream.output:
                heard = True
                self._heard.put(("line", (label, line.decode("utf-8", "replace").rstrip("\r\n"))))
            complaint = stream.complaint()
            if heard or not complaint or "not found" in complaint or self._over.wait(1.0):
                return

    def _open(self, *words: str) -> Stream:
        stream = self.kubectl.stream(*words)
        self._streams.append(stream)
        if self._over.is_set():  # whoever ends them all may just have done so
            stream.end()
        return stream


def read_objects(source: IO[bytes]) -> Iterator[Mapping[str, Json]]:
    """The JSON objects of a stream, one after the other, as they become whole."""
    decoder, characters, text = json.JSONDecoder(), getincrementaldecoder("utf-8")("replace"), ""
    while chunk := getattr(source, "read1")(READ_BYTES):  # noqa: B009 -- what is there, without waiting for more
        text += characters.decode(chunk)
        while text := text.lstrip():
            try:
                value, end = decoder.raw_decode(text)
            except ValueError:
                break
            yield value
            text = text[end:]


def unknown_run(attempt: str, namespace: str) -> RunNotFound:
    """The error for a run that is not in the cluster, or not any more."""
    return RunNotFound(
        f"no run {attempt!r} in namespace {namespace!r}",
        where=namespace,
        cure="`ml8s runs list` shows the runs that are kept; those of this machine with --local",
    )
