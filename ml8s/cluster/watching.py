"""Reading a run as it goes: its Workflow whenever it changes, the logs of its pods as they grow.

kubectl does the reading, a thread each; what it reads comes as news, in one queue. A connection that ends is made anew.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import IO, Final, TypeAlias

from ml8s.artifacts import Json
from ml8s.cluster.kubectl import Kubectl, Stream
from ml8s.cluster.submission import WORKFLOW
from ml8s.errors import ML8sError

READ_BYTES: Final = 1 << 16
AGAIN_SECONDS: Final = 2.0
REFUSALS: Final = 30
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\S+")


@dataclass(frozen=True, slots=True)
class WorkflowSeen:
    """The Workflow as it is now."""

    workflow: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class LineSaid:
    """A line of a task's log."""

    label: str
    line: str


@dataclass(frozen=True, slots=True)
class WatchLost:
    """The Workflow cannot be watched at this moment; ``complaint`` is what kubectl said of it."""

    complaint: str


News: TypeAlias = WorkflowSeen | LineSaid | WatchLost


@dataclass
class Watching:
    """The threads that read one run; ``next`` hands out what they read."""

    kubectl: Kubectl
    attempt: str
    _news: SimpleQueue[News] = field(default_factory=SimpleQueue)
    _over: Event = field(default_factory=Event)
    _streams: list[Stream] = field(default_factory=list)
    _readers: dict[str, Thread] = field(default_factory=dict)
    _ended: dict[str, Event] = field(default_factory=dict)

    def begin(self) -> None:
        """Starts to watch the Workflow."""
        Thread(target=self._watch, daemon=True).start()

    def read_log(self, label: str, pod: str) -> None:
        """Starts to read the log of a task's pod, from its start on; once, however often it is asked for."""
        if pod in self._readers:
            return
        self._ended[pod] = Event()
        reader = self._readers[pod] = Thread(target=self._read_log, args=(label, pod), daemon=True)
        reader.start()

    def pod_ended(self, pod: str) -> None:
        """Says that a pod has ended, so that its log ends too."""
        if pod in self._ended:
            self._ended[pod].set()

    @property
    def reading(self) -> bool:
        """Whether the log of a pod is still read."""
        return any(reader.is_alive() for reader in self._readers.values())

    def next(self, seconds: float) -> News | None:
        """The next of the news; None where there is none for some seconds, which may be 0."""
        try:
            return self._news.get(timeout=seconds) if seconds else self._news.get_nowait()
        except Empty:
            return None

    def end(self) -> None:
        """Ends every thread and each kubectl."""
        self._over.set()
        for ended in self._ended.values():
            ended.set()
        for stream in self._streams:
            stream.end()

    def _watch(self) -> None:
        words = ("get", WORKFLOW, self.attempt, "-o", "json", "--watch")
        while not self._over.is_set():
            try:
                stream = self._open(*words)
                for value in read_objects(stream.output):
                    self._news.put(WorkflowSeen(value))
                complaint = stream.complaint()
            except ML8sError as error:
                complaint = error.message
            if complaint:  # servers and proxies end a quiet watch now and then, without a word
                self._news.put(WatchLost(complaint))
            self._over.wait(AGAIN_SECONDS)

    def _read_log(self, label: str, pod: str) -> None:
        """Reads to the log's end: where a stream breaks off, the next begins at its last line."""
        last, refused = "", 0
        while refused < REFUSALS and not self._over.is_set():
            ended = self._ended[pod].is_set()
            since = [f"--since-time={last}"] if last else []
            stream = self._open("logs", "--follow", "--timestamps", *since, pod, "--container", "main")
            for raw in stream.output:
                at, line = split_stamp(raw.decode("utf-8", "replace").rstrip("\r\n"))
                if at and at <= last:  # the server counts whole seconds, and says those of the last one again
                    continue
                last, refused = at or last, 0
                self._news.put(LineSaid(label, line))
            complaint = stream.complaint()
            if "not found" in complaint or (ended and not complaint):
                return
            refused += bool(complaint)
            self._ended[pod].wait(AGAIN_SECONDS)

    def _open(self, *words: str) -> Stream:
        stream = self.kubectl.stream(*words)
        self._streams.append(stream)
        if self._over.is_set():  # whoever ends them all may just have done so
            stream.end()
        return stream


def split_stamp(line: str) -> tuple[str, str]:
    """The time at which a line of a pod was written, in the kubelet's fixed width, and the line; "" without a time."""
    at, _, said = line.partition(" ")
    return (at, said) if _STAMP.fullmatch(at) else ("", line)


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
