"""An interrupt that Python loses in a callback is raised again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LOST = """\
import signal, sys, time
from ml8s.cli import SigtermError
from ml8s.runner.interrupts import interrupts_come_again

def terminated(number, frame):
    raise SigtermError

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, terminated)

class Swallows:
    def __del__(self):
        signal.raise_signal(signal.{name})

before = sys.unraisablehook
try:
    with {around}:
        Swallows()
        time.sleep({seconds})
    print("lost")
except KeyboardInterrupt as error:
    print(type(error).__name__, sys.unraisablehook is before)
"""


@pytest.mark.parametrize(("name", "kind"), [("SIGINT", "KeyboardInterrupt"), ("SIGTERM", "SigtermError")])
def test_an_interrupt_that_is_lost_comes_again(name: str, kind: str) -> None:
    assert said(name, "interrupts_come_again()", seconds=60) == (f"{kind} True", "")


def test_without_it_the_interrupt_is_lost() -> None:
    out, err = said("SIGINT", "__import__('contextlib').nullcontext()", seconds=1)
    assert out == "lost"
    assert "Exception ignored" in err


def said(name: str, around: str, seconds: int) -> tuple[str, str]:
    code = LOST.format(name=name, around=around, seconds=seconds)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True, env=dict(os.environ)
    )
    return done.stdout.strip(), done.stderr
