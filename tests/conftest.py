"""Every test process runs under the environment pin, as every process that trains or scores does."""

from __future__ import annotations

import os
import sys

import pytest

from ml8s.environment import missing_pins, pinned_environment


def pytest_configure(config: pytest.Config) -> None:
    """Starts pytest anew under the pin: the C library and numpy read it only when a process starts."""
    if not missing_pins() or hasattr(config, "workerinput"):
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    command = [sys.executable, "-m", "pytest", *config.invocation_params.args]
    os.execve(sys.executable, command, pinned_environment())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what the tests of determinism compared: axis, data, digests that agree, and what their control showed."""
    rows = {
        tuple(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "determinism"
    }
    if not rows:
        return
    terminalreporter.section("determinism")
    for row in (("axis", "data", "digests", "control"), *sorted(rows)):
        terminalreporter.write_line("{:<28} {:<20} {:>7}  {}".format(*row))
