"""The other end of ``ml8s.runner.children``: one job in a process of its own."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Final, TextIO

from ml8s.artifacts import Json
from ml8s.bug import internal_error
from ml8s.errors import ML8sError
from ml8s.runner.execution import Job, Observer, Site, execute, gather_inputs
from ml8s.runner.exhaustion import as_error
from ml8s.runner.relay import error_to_json
from ml8s.runner.workspace import Workspace
from ml8s.storage import open_store

PR_SET_PDEATHSIG: Final = 1


def run_child(options: Namespace) -> int:
    """Runs the job of a local run's child process and writes its answer, an error included, as JSON."""
    die_with(options.parent)
    answer = Path(options.result)
    job = Job.from_json(Path(options.job).read_text(encoding="utf-8"))
    site = Site(open_store(options.store), Workspace(Path(options.workspace)))
    with os.fdopen(options.progress, "w", encoding="utf-8", buffering=1) as pipe:
        observer = Observer(lambda progress: _say(pipe, asdict(progress)), lambda text: _say(pipe, {"warn": text}))
        try:
            claim = execute(site, job, gather_inputs(site, job), observer)
        except Exception as error:  # the last resort of this process: its parent must hear of it
            label = job.task.label
            return _refuse(answer, as_error(error, label, bug=lambda bug: internal_error(bug, label)))
        _write(answer, {"key": claim.result.key, "adopted": claim.adopted})
    return 0


def die_with(parent: int) -> None:
    """Has the kernel kill this process when its parent dies; ends at once where that has already happened."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _refuse(answer: Path, error: ML8sError) -> int:
    _write(answer, {"error": error_to_json(error)})
    return error.container_status


def _say(pipe: TextIO, value: Json) -> None:
    pipe.write(json.dumps(value) + "\n")


def _write(path: Path, value: Json) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value), encoding="utf-8")
    part.replace(path)
