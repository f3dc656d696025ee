"""Ctrl-C that Python loses.

An exception that a signal raises within a destructor or a callback of the garbage collector cannot leave it: Python
reports it as "ignored" and goes on. Every import runs such a callback, so of the interrupts that meet the import of a
large library some are lost, and a run would go on as if nobody had pressed anything.
"""

from __future__ import annotations

import _thread
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Final

AGAIN_SECONDS: Final = 0.1


@contextmanager
def interrupts_come_again() -> Iterator[None]:
    """Has an interrupt that was lost raised once more, a moment later; for the main thread.

    What is a subclass of KeyboardInterrupt is what the handler of SIGTERM raises.
    """
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            before(unraisable)
            return
        number = signal.SIGINT if unraisable.exc_type is KeyboardInterrupt else signal.SIGTERM
        again = Timer(AGAIN_SECONDS, _thread.interrupt_main, [number])
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
