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
    """Prints figures that tests recorded, and how many cases of bad input were run, with the longest and the largest."""
    from tests.bad_input.tally import table

    passed = [report for report in terminalreporter.getreports("passed") if hasattr(report, "user_properties")]
    for report in passed:
        for name, text in report.user_properties:
            if name == "figures" and report.when == "teardown":
                terminalreporter.write_line(f"{report.nodeid}\n{text}")
    for line in table(passed):
        terminalreporter.write_line(line)
