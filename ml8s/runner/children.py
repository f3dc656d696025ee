"""Searches beside each other: child processes under the environment pin, one per fanned-out task.

A child tells its progress as JSON lines over a pipe, writes its answer into a file, and dies with its parent,
whatever kills that (PR_SET_PDEATHSIG). Ctrl-C reaches the parent only, which then ends its children.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from ml8s.environment import pinned_environment
from ml8s.errors import InternalError, ML8sError, StepDied
from ml8s.runner.events import Listener
from ml8s.runner.execution import Job, Site
from ml8s.runner.relay import error_from_json
from ml8s.steps.context import Progress

GRACE_SECONDS: Final = 5.0
LONGEST_READ: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child gave: the step key that its result stands under, whether it was adopted, and its wall seconds."""

    label: str
    key: str
    adopted: bool
    seconds: float


@dataclass(slots=True)
class _Child:
    job: Job
    process: subprocess.Popen[bytes]
    pipe: int
    answer: Path
    began: float = field(default_factory=monotonic)
    rest: bytes = b""


def run_children(site: Site, jobs: Sequence[Job], slots: int, log: Path, listener: Listener) -> list[Answer]:
    """Runs jobs in child processes, at most ``slots`` at once; their inputs must lie in the workspace already.

    When one fails no further one starts, and those that run are left to finish: their results stay cached.

    Raises:
        ML8sError: the first failure, as the child raised it.
        StepDied: a child was killed, for example by the system when memory ran out.
        InternalError: a child ended with an exception that nothing expected.
    """
    waiting, answers, failures = deque(jobs), list[Answer](), list[ML8sError]()
    with _selector() as selector:
        while waiting or selector.get_map():
            while waiting and not failures and len(selector.get_map()) < slots:
                child = _start(site, waiting.popleft(), log)
                selector.register(child.pipe, selectors.EVENT_READ, child)
                listener.started(child.job.task.label)
            if failures and not selector.get_map():
                break
            for ready, _ in selector.select():
                child = ready.data
                if _relay(child, listener):
                    continue
                selector.unregister(child.pipe)
                try:
                    answers.append(_answer(child))
                except ML8sError as error:
                    listener.failed(child.job.task.label, error.message)
                    failures.append(error)
    if failures:
        raise failures[0]
    return answers


@contextmanager
def _selector() -> Iterator[selectors.BaseSelector]:
    selector = selectors.DefaultSelector()
    try:
        yield selector
    finally:
        _end([ready.data for ready in selector.get_map().values()])
        selector.close()


def _start(site: Site, job: Job, log: Path) -> _Child:
    folder = site.workspace.fresh("job")
    (folder / "job.json").write_text(job.to_json(), encoding="utf-8")
    reader, writer = os.pipe()
    # -P: the user's folder is no place to import modules from.
    command = [sys.executable, "-P", "-m", "ml8s.steps", "--job", str(folder / "job.json")]
    command += ["--store", site.store.uri, "--workspace", str(site.workspace.root), "--parent", str(os.getpid())]
    command += ["--result", str(folder / "result.json"), "--progress", str(writer)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=pinned_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            pass_fds=(writer,), start_new_session=True,
        )  # fmt: skip
    os.close(writer)
    return _Child(job, process, reader, folder / "result.json")


def _relay(child: _Child, listener: Listener) -> bool:
    """Passes on what a child said; False when it has ended."""
    chunk = os.read(child.pipe, LONGEST_READ)
    if not chunk:
        return False
    *lines, child.rest = (child.rest + chunk).split(b"\n")
    for line in lines:
        said = json.loads(line)
        if "warn" in said:
            listener.noted(child.job.task.label, said["warn"])
        else:
            listener.progressed(child.job.task.label, Progress(**said))
    return True


def _answer(child: _Child) -> Answer:
    os.close(child.pipe)
    status = child.process.wait()
    seconds = monotonic() - child.began
    label = child.job.task.label
    said = json.loads(child.answer.read_bytes()) if child.answer.exists() else {}
    if "error" in said:
        raise error_from_json(said["error"])
    if status == 0 and "key" in said:
        return Answer(label, said["key"], said["adopted"], seconds)
    if status < 0:
        raise StepDied(
            f"{label} was killed by {signal.Signals(-status).name}",
            where=label,
            cure="a process that is killed usually needs more memory than there is: see `ml8s runs logs`, run again",
        )
    raise InternalError(
        f"a bug of ML8s in {label}: its process ended with status {status} and no answer",
        where=label,
        cure="please report it with what `ml8s runs logs` shows of it",
    )


def _end(children: Sequence[_Child]) -> None:
    """Ends children that still run: asked first, killed after five seconds."""
    for child in children:
        child.process.terminate()
    deadline = monotonic() + GRACE_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        os.close(child.pipe)
