"""The container entry: ``python -m ml8s.steps NAME [--item X] --from DIGEST …``, one step in its own process.

It checks the inputs, looks its key up, calls the step, uploads the outputs and writes the digest of its result
object where the workflow engine picks it up. The config comes base64-encoded in ML8S_CONFIG, or as a file.

Exit: 0; 10 the answer is no; 2 the contract is broken; 75 temporary; 76 an input is missing or bad; 70 a bug.
A local run starts its parallel searches with ``--job`` instead, and hears their progress over a pipe.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ml8s.environment import require_pinned
from ml8s.errors import ML8sError

BUG = 70
LAST_WORDS = "/dev/termination-log"  # where Kubernetes picks up a container's last words


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line of the entry."""
    parser = argparse.ArgumentParser(prog="python -m ml8s.steps", description="Runs one step.", allow_abbrev=False)
    parser.add_argument("step", nargs="?", metavar="NAME", help="the step")
    parser.add_argument("--item", help="the item of a fan-out")
    parser.add_argument(
        "--from",
        dest="made_by",
        action="append",
        default=[],
        metavar="DIGEST[,DIGEST…]",
        help="the results of the steps before it",
    )
    parser.add_argument("--input", action="append", default=[], metavar="PORT=DIGEST", help="an input artifact")
    parser.add_argument("--store", required=True, metavar="URI", help="the store")
    parser.add_argument("--result", required=True, metavar="FILE", help="where the result's digest is written")
    parser.add_argument("--show", metavar="DIR", help="where what people read is left: report, metrics, decision")
    parser.add_argument(
        "--failure",
        metavar="FILE",
        default=LAST_WORDS,
        help=f"where an error is written for who started this container; else {LAST_WORDS} where there is one",
    )
    parser.add_argument("--config", metavar="FILE", help="the resolved config; else ML8S_CONFIG, base64")
    parser.add_argument(
        "--attempt", default="", metavar="NAME", help="the run; its notes go to runs/NAME/ of the store"
    )
    parser.add_argument("--envelope", metavar="FILE", help="the envelope of a record, for register")
    parser.add_argument("--threads", type=int, help="threads that the step may use; else OMP_NUM_THREADS, else 1")
    parser.add_argument("--slots", type=int, help="how many items of a fan-out work at once; all where not given")
    parser.add_argument("--replay", type=int, help="the exact number of trials of a search")
    local = parser.add_argument_group("of a local run")
    local.add_argument("--job", metavar="FILE", help="everything above in one file")
    local.add_argument("--workspace", metavar="DIR", help="the scratch of the run, with the inputs in it")
    local.add_argument("--progress", type=int, metavar="FD", help="where progress is written")
    local.add_argument("--parent", type=int, metavar="PID", help="the process to die with")
    options = parser.parse_args(arguments)
    if (options.step is None) == (options.job is None):
        parser.error("name a step, or give a job")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one step and answers its exit status."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        require_pinned()
        if options.job is not None:
            from ml8s.runner.child import run_child

            return run_child(options)
        from ml8s.runner.container import run_container
        from ml8s.runner.program import Program

        return run_container(options, Program(), _log)
    except Exception as error:
        from ml8s.runner.exhaustion import as_error

        known = as_error(error, options.step or "a step", bug=lambda bug: _bug(bug, options.step))
        if known.exit_status != BUG or known is error:
            return _refuse(known, options.failure)
        _log(traceback.format_exc())
        _leave(options.failure, known)
        return BUG


def _refuse(error: ML8sError, file: str | None) -> int:
    from ml8s.runner.container import container_status

    _leave(file, error)
    where = f" at {error.where}" if error.where else ""
    _log(f"error {error.code}: {error.message}{where}; cure: {error.cure}")
    for problem in error.problems:
        _log(f"  {problem.where}: {problem.message}")
    return container_status(error)


def _bug(error: BaseException, step: str) -> ML8sError:
    from ml8s.errors import InternalError

    cure = "read its log with `ml8s runs logs`, and report it"
    return InternalError(f"{type(error).__name__}: {error}", where=step, cure=cure)


def _leave(file: str | None, error: ML8sError) -> None:
    """Writes an error where Kubernetes picks up a container's last words, so that Argo's UI shows it."""
    from ml8s.runner.log_lines import failure_text

    if file is not None and (file != LAST_WORDS or Path(file).exists()):  # only a container's runtime makes it
        with suppress(OSError):  # the log says it all
            Path(file).write_text(failure_text(error), encoding="utf-8")


def _log(line: str) -> None:
    sys.stderr.write(line.rstrip("\n") + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
