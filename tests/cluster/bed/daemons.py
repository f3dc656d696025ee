"""Starting, watching and stopping the bed's long-running programs."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.cluster.bed import network
from tests.cluster.bed.places import Places
from tests.cluster.bed.problem import BedError, last_lines


@dataclass(frozen=True)
class Daemon:
    """A program to keep running; `env` is added to a small common environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Started:
    """A daemon that was started: `born` tells its pid from a later reuse of it."""

    name: str
    pid: int
    born: str
    argv: tuple[str, ...]
    env: Mapping[str, str]

    def alive(self) -> bool:
        """Say whether this very process runs; a zombie does not."""
        return birth_of(self.pid) == self.born

    def memory_bytes(self) -> int:
        """Return the resident memory of the process."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def birth_of(pid: int) -> str:
    """Return the start time of a running process, or nothing when there is none."""
    # Collects a child of ours that has ended; others are init's to collect.
    with contextlib.suppress(OSError):
        os.waitpid(pid, os.WNOHANG)
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in "ZX" else after_name[19]


def log_of(places: Places, name: str) -> Path:
    """Return the log of a daemon."""
    return places.logs / f"{name}.log"


def _record(places: Places, name: str) -> Path:
    return places.run / "daemons" / f"{name}.json"


def start(places: Places, daemon: Daemon, *, again: bool = False) -> Started:
    """Start a daemon in its own session, and write down who it is.

    With `again` its log goes on, else it begins anew. It must be called from
    inside the network namespace, which the daemon inherits.
    """
    if not network.is_inside():
        raise BedError(f"{daemon.name} may only start inside the bed's network namespace")
    return launch(places, daemon, again=again)


def launch(places: Places, daemon: Daemon, *, again: bool = False) -> Started:
    """Start a daemon in whatever network this process is."""
    log = log_of(places, daemon.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    common = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("a" if again else "w") as out:
        process = subprocess.Popen(
            daemon.argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**common, **daemon.env},
            cwd="/",
            start_new_session=True,
        )
    started = Started(daemon.name, process.pid, birth_of(process.pid), daemon.argv, dict(daemon.env))
    record = _record(places, daemon.name)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(asdict(started), indent=1))
    return started


def excuse(places: Places, name: str) -> None:
    """Say that a daemon was stopped on purpose: until its restart it is not dead."""
    _record(places, name).rename(_record(places, name).with_suffix(".stopped"))


def excused(places: Places) -> list[str]:
    """Return the daemons that are stopped on purpose."""
    return [path.stem for path in sorted((places.run / "daemons").glob("*.stopped"))]


def restart(places: Places, name: str) -> Started:
    """Start an excused daemon again, as it was started before."""
    stopped = _record(places, name).with_suffix(".stopped")
    known = json.loads(stopped.read_text())
    started = start(places, Daemon(name, tuple(known["argv"]), known["env"]), again=True)
    stopped.unlink()
    return started


def forget(places: Places, name: str) -> None:
    """Forget a daemon that was stopped for good."""
    _record(places, name).unlink()


def read(places: Places) -> dict[str, Started]:
    """Return every daemon that was started, in the order of starting."""
    found = {}
    folder = places.run / "daemons"
    for path in sorted(folder.glob("*.json"), key=lambda p: p.stat().st_mtime_ns):
        try:
            entry = json.loads(path.read_text())
        except ValueError:
            continue
        started = Started(entry["name"], entry["pid"], entry["born"], tuple(entry["argv"]), entry["env"])
        found[started.name] = started
    return found


def dead(places: Places) -> list[Started]:
    """Return the daemons that were started and run no more."""
    return [started for started in read(places).values() if not started.alive()]


def check_alive(places: Places) -> None:
    """Raise BedError naming the daemons that died, with their last lines."""
    gone = dead(places)
    if gone:
        names = ", ".join(started.name for started in gone)
        logs = "\n".join(last_lines(log_of(places, started.name)) for started in gone)
        raise BedError(f"died: {names}\n{logs}")


def stop(started: Started, *, how: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
    """Signal a daemon, wait for its end, and kill it when it does not come."""
    end_process(started.pid, started.born, how=how, seconds=seconds)


def end_process(pid: int, born: str, *, how: signal.Signals, seconds: float) -> None:
    """End one process that was born at a known time, and wait until it is gone."""
    for sign, limit in ((how, seconds), (signal.SIGKILL, 10.0)):
        if not born or birth_of(pid) != born:
            return
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + limit
        while birth_of(pid) == born and time.monotonic() < deadline:
            time.sleep(0.05)
    if birth_of(pid) == born:
        raise BedError(f"process {pid} does not end, even after SIGKILL")


def end_all(pids: Sequence[int], *, how: signal.Signals = signal.SIGTERM, seconds: float = 5) -> None:
    """End several processes, signalling all before waiting for any."""
    births = {pid: birth_of(pid) for pid in pids}
    for pid, born in births.items():
        if born:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                continue
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(born and birth_of(pid) == born for pid, born in births.items()):
        time.sleep(0.05)
    for pid, born in births.items():
        end_process(pid, born, how=signal.SIGKILL, seconds=10)
