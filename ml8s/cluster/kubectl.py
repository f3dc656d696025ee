"""kubectl: the program through which ML8s reads and changes a cluster."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Final, cast

from ml8s.artifacts import Json
from ml8s.cluster.refusals import LOCAL, refusal
from ml8s.errors import ClusterUnreachable, KubectlMissing, RunFailed

PROGRAM: Final = "kubectl"
MANAGER: Final = "ml8s"
ANSWER_SECONDS: Final = 20
PATIENCE_SECONDS: Final = 60
SHOWN: Final = 80

# The server validates; kubectl's own validation would first fetch megabytes of schemas.
_WRITE: Final = (f"--field-manager={MANAGER}", "--validate=false", "-f", "-")

Object = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl in one namespace, with the user's own kubeconfig."""

    namespace: str
    program: str = PROGRAM

    def run(self, *words: str, stdin: str | None = None) -> str:
        """What kubectl prints.

        Raises:
            KubectlMissing: it is not installed.
            ClusterError: it failed; the class says why.
        """
        done = self._finished(words, stdin)
        if done.returncode != 0:
            raise refusal(done.stderr, self.namespace, words)
        return done.stdout

    def read(self, *words: str, stdin: str | None = None) -> Object:
        """The JSON object that kubectl prints; raises as ``run`` does."""
        return read_object(self.run(*words, stdin=stdin), words)

    def get(self, kind: str, name: str) -> Object | None:
        """One object, None where there is none of this name."""
        words = ["get", kind, name, "-o", "json"]
        done = self._finished(words, None)
        if done.returncode == 0:
            return read_object(done.stdout, words)
        if f'"{name}" not found' in done.stderr and "namespaces" not in done.stderr:
            return None
        raise refusal(done.stderr, self.namespace, ["get", kind, name])

    def select(self, kind: str, selector: str) -> Sequence[Object]:
        """The objects of a kind that carry certain labels."""
        return cast("Sequence[Object]", self.read("get", kind, "-l", selector, "-o", "json")["items"])

    def apply(self, document: str) -> None:
        """Makes an object, or makes one that is there equal to this."""
        self.run("apply", "--server-side", "--force-conflicts", *_WRITE, stdin=document)

    def create(self, document: str) -> None:
        """Makes an object that must not be there yet."""
        self.run("create", *_WRITE, stdin=document)

    def patch(self, kind: str, name: str, change: Json) -> None:
        """Merges a change into an object."""
        self.run("patch", kind, name, "--type=merge", "-p", json.dumps(change))

    def stream(self, *words: str) -> Stream:
        """Starts a kubectl that goes on printing; it lives in a session of its own, so that no Ctrl-C reaches it."""
        try:
            process = subprocess.Popen(
                self._command(words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise self._unusable(error) from None
        return Stream(process, self.namespace, tuple(words))

    def _finished(self, words: Sequence[str], stdin: str | None) -> subprocess.CompletedProcess[str]:
        command = self._command([*words, f"--request-timeout={ANSWER_SECONDS}s"])
        try:
            return subprocess.run(
                command,
                input=stdin or "",  # never this terminal: kubectl asks there for a name and a password
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        except OSError as error:
            raise self._unusable(error) from None
        except subprocess.TimeoutExpired:
            raise ClusterUnreachable(
                f"the cluster did not answer in {PATIENCE_SECONDS} s",
                where="kubeconfig",
                cure=f"check the network (a VPN?) and `kubectl cluster-info`, then run again, {LOCAL}",
            ) from None

    def _command(self, words: Sequence[str]) -> list[str]:
        return [shutil.which(self.program) or self.program, "-n", self.namespace, *words]

    def _unusable(self, error: OSError) -> KubectlMissing:
        absent = isinstance(error, FileNotFoundError)
        return KubectlMissing(
            f"{self.program} {'is not installed' if absent else f'cannot be started: {error.strerror}'}, "
            "and a platform is named",
            where="PATH",
            cure=f"install kubectl for this machine (https://kubernetes.io/docs/tasks/tools), {LOCAL}",
        )


def read_object(text: str, words: Sequence[str]) -> Object:
    """The JSON object that a kubectl printed.

    Raises:
        RunFailed: it is none: another program bears its name, or one around it prints as well.
    """
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise unreadable(text, words)
    return value


def unreadable(text: str, words: Sequence[str]) -> RunFailed:
    """The error for what a kubectl printed that is not what it prints."""
    first = next(iter(text.strip().splitlines()), "nothing")[:SHOWN]
    return RunFailed(
        f"`{' '.join([PROGRAM, *words[:3]])}` printed what is no JSON: {first}",
        where="PATH",
        cure=f"see that `{PROGRAM}` on the PATH is the real one, with nothing around it that prints too",
    )


@dataclass(frozen=True, slots=True)
class Stream:
    """A kubectl that goes on printing."""

    process: subprocess.Popen[bytes]
    namespace: str
    words: tuple[str, ...]

    @property
    def output(self) -> IO[bytes]:
        """What it prints."""
        assert self.process.stdout is not None
        return self.process.stdout

    def complaint(self) -> str:
        """What it said on stderr, after its end; empty where it ended well."""
        assert self.process.stderr is not None
        said = self.process.stderr.read().decode("utf-8", "replace")
        return said if self.process.wait() != 0 else ""

    def end(self) -> None:
        """Ends it, where it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
