"""A whole run in a child process under the environment pin, for callers whose own process is not pinned.

The C library, numpy and OpenBLAS read the pin only when a process starts, so a notebook cannot set it for itself. The
child says nothing on stdout, writes what came of the run (an error included) into a file, and dies with its parent.
Ctrl-C reaches the parent, which passes it on and waits for the run to end in good order.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml8s.artifacts import Json
from ml8s.environment import pinned_environment
from ml8s.errors import StepDied
from ml8s.runner.child import die_with
from ml8s.runner.exhaustion import as_error
from ml8s.runner.relay import error_from_json, error_to_json
from ml8s.runner.summary import Summary
from ml8s.runner.training import Request, Trained, train


@dataclass(frozen=True, slots=True)
class Wish:
    """A run as its caller asks for it: the config's path or address, the store's address, ``key=value`` overrides."""

    source: str
    store: str
    overrides: tuple[str, ...] = ()
    until: str | None = None


def train_in_child(wish: Wish) -> Trained:
    """Runs the wish in a pinned child process.

    Raises:
        StepDied: the child was killed.
        ML8sError: what the run raised, as the same class.
    """
    with tempfile.TemporaryDirectory(prefix="ml8s-asked-") as name:
        answer = Path(name) / "answer.json"
        asked = json.dumps([wish.source, wish.store, list(wish.overrides), wish.until])
        command = [sys.executable, "-P", "-m", "ml8s.runner.pinned", asked, str(answer), str(os.getpid())]
        status = _wait(
            subprocess.Popen(command, env=pinned_environment(), stdin=subprocess.DEVNULL, start_new_session=True)
        )
        said = json.loads(answer.read_bytes()) if answer.exists() else {}
    if "error" in said:
        raise error_from_json(said["error"])
    if "trained" not in said:
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        raise StepDied(
            f"the process of the run {how} and gave no answer",
            where=wish.source,
            cure="a process that is killed usually needs more memory than there is; run again to go on",
        )
    return trained_from_json(said["trained"])


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Waits for the child's end; each Ctrl-C of the caller is passed on to it."""
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)


def trained_to_json(trained: Trained) -> dict[str, Json]:
    """What a run came to, as JSON."""
    values = {name: getattr(trained, name) for name in ("attempt", "run_key", "model_id", "steps_run", "seconds")}
    summary = None if trained.summary is None else trained.summary.to_json()
    return {**values, "report": trained.report, "made": dict(trained.made), "summary": summary}


def trained_from_json(value: Mapping[str, Json]) -> Trained:
    """Reads what ``trained_to_json`` gave."""
    parts = dict(json.loads(json.dumps(value)))
    summary = parts.pop("summary")
    if summary is not None:
        del summary["schema"]
    return Trained(**parts, summary=None if summary is None else Summary(**summary))


def main(arguments: Sequence[str]) -> int:
    """The child: runs the wish and writes its answer."""
    asked, answer, parent = arguments
    die_with(int(parent))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    said = _answer(Wish(*json.loads(asked)))
    part = Path(f"{answer}.part")
    part.write_text(json.dumps(said), encoding="utf-8")
    part.replace(answer)
    return 0


def _answer(wish: Wish) -> dict[str, Json]:
    from ml8s.config.loader import load_config

    try:
        request = Request(load_config(wish.source, wish.overrides), wish.store, until=wish.until)
        return {"trained": trained_to_json(train(request))}
    except Exception as error:  # the last resort of this process: its parent must hear of it
        return {"error": error_to_json(as_error(error, wish.source))}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
