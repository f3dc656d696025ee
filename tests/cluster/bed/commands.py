"""Running other programs, with their words when they fail."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.bed.problem import BedError, last_lines


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> str:
    """Run a program and return its standard output.

    Raises BedError with the end of its standard error when it fails or takes
    longer than `seconds`.
    """
    shown = " ".join(str(word) for word in argv[:6])
    try:
        done = subprocess.run(
            [str(word) for word in argv],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            cwd=cwd,
            env=None if env is None else dict(env),
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BedError(f"{shown}: no end after {seconds:.0f} s") from error
    except FileNotFoundError as error:
        raise BedError(f"{shown}: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-20:]
        raise BedError(f"{shown}: exit {done.returncode}\n  " + "\n  ".join(said))
    return done.stdout


def run_logged(
    argv: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a long program with its output appended to a log.

    Raises BedError with the last 20 lines and the log's path when it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as out:
        out.write("$ " + " ".join(str(word) for word in argv) + "\n")
        out.flush()
        code = subprocess.call(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if env is None else dict(env),
        )
    if code != 0:
        raise BedError(f"{argv[0]} {argv[1]}: exit {code}\n{last_lines(log)}")
