"""The installed command as a user of the bed's cluster runs it: in a folder with a config and a platform.yaml."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.bed.places import REPOSITORY
from tests.cluster.bed.waiting import until
from tests.cluster.train.platform import SIZE, Platform

SUBMITTED = re.compile(r"run (\d{8}t\d{6}-[a-z0-9]{6}) is submitted")
# Two searches would share two CPUs with the controller's own containers: one is enough where they are not the point.
SMALL = (*SIZE, "automl.estimators=[lgbm]", "automl.max_trials=2", "evaluation.gates.roc_auc='> 0.1'")
ONE_RUN_SECONDS = 900


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def run(self) -> str:
        """The run that it submitted."""
        found = SUBMITTED.search(self.err)
        assert found is not None, self.err
        return found[1]


@dataclass
class Going:
    """A command that works."""

    process: subprocess.Popen[str]
    said: Path

    def err(self) -> str:
        """What it wrote to stderr so far."""
        return self.said.read_text()

    def wait_for(self, words: str, seconds: float = 300) -> None:
        """Wait until it has said something."""
        until(f"the command to say {words!r}", lambda: words in self.err() or self.process.poll() is not None,
              seconds=seconds)  # fmt: skip
        assert words in self.err(), self.err()

    def run(self) -> str:
        """The run that it submitted."""
        self.wait_for("is submitted")
        found = SUBMITTED.search(self.err())
        assert found is not None
        return found[1]

    def end(self, how: signal.Signals | None = None, seconds: float = ONE_RUN_SECONDS) -> Finished:
        """Send it a signal, or none, and wait for its end."""
        if how is not None:
            self.process.send_signal(how)
        out, _ = self.process.communicate(timeout=seconds)
        return Finished(self.process.returncode, out, self.err())


@dataclass
class User:
    """Someone in a folder of their own, with the bed's kubeconfig and keys unless `environment` says otherwise."""

    platform: Platform
    environment: Mapping[str, str] = field(default_factory=dict)

    def ml8s(self, *words: str | Path, seconds: float = ONE_RUN_SECONDS) -> Finished:
        """Run a command to its end."""
        return self.start(*words).end(seconds=seconds)

    def start(self, *words: str | Path) -> Going:
        """Start a command."""
        said = self.platform.folder / f"stderr-{time.monotonic_ns()}"
        argv = [sys.executable, "-m", "ml8s", *map(str, words)]
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), **self.environment}
        with said.open("w") as stream:
            process = subprocess.Popen(
                argv, cwd=self.platform.folder, env=env, stdout=subprocess.PIPE, stderr=stream, text=True
            )
        return Going(process, said)

    def run(self, *overrides: str, words: Sequence[str] = (), seconds: float = ONE_RUN_SECONDS) -> Finished:
        """`ml8s run` of the fraud example at a small size, followed to its end."""
        return self.ml8s(*self.command(*overrides), *words, seconds=seconds)

    def command(self, *overrides: str) -> list[str]:
        """The words of `ml8s run` of the fraud example at a small size."""
        values = [f"dataset_uri={self.platform.bucket.uri}/data", *SMALL, *overrides]
        return ["run", "fraud.yaml", *(word for value in values for word in ("--set", value))]

    def workflows(self) -> list[str]:
        """The names of the runs in the namespace."""
        return sorted(each["metadata"]["name"] for each in self.platform.space.list("workflows"))
