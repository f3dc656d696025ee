"""What the person at the terminal sees: one line per thing that happens."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STARTED = time.monotonic()
_INTERVAL_SECONDS = 20.0


def clock(seconds: float) -> str:
    """Write a duration as `42s` or `3m07s`."""
    whole = round(seconds)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02d}s"


def say(text: str) -> None:
    """Print a line of progress, stamped with the time since the start."""
    complain(f"[{clock(time.monotonic() - _STARTED):>6}] {text}")


def complain(text: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def answer(text: str) -> None:
    """Print what a command was asked for on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def long_work(what: str, usual: float, then: str) -> Iterator[None]:
    """Announce work, report every 20 s how long it has run, then how long it took.

    `usual` is the time in seconds that it took on two cores; `then` names
    what comes next.
    """
    begun = time.monotonic()
    done = threading.Event()

    def report() -> None:
        while not done.wait(_INTERVAL_SECONDS):
            so_far = clock(time.monotonic() - begun)
            say(f"{what}: {so_far} so far, usually {clock(usual)}; next: {then}")

    say(f"{what} (usually {clock(usual)}); next: {then}")
    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()
    say(f"{what}: done in {clock(time.monotonic() - begun)}")
