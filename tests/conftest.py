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
    """Prints what tests recorded: figures, what determinism compared, how many cases of bad input there were."""
    from tests.bad_input.tally import table

    passed = [report for report in terminalreporter.getreports("passed") if hasattr(report, "user_properties")]
    for report in passed:
        for name, text in report.user_properties:
            if name == "figures" and report.when == "teardown":
                terminalreporter.write_line(f"{report.nodeid}\n{text}")
    for line in (*table(passed), *_determinism(passed)):
        terminalreporter.write_line(line)


def _determinism(passed: list[pytest.TestReport]) -> list[str]:
    """Axis, data, digests that agree, and what the control showed, one line each."""
    rows = {tuple(value) for report in passed for name, value in report.user_properties if name == "determinism"}
    head = ("axis", "data", "digests", "control")
    return ["{:<28} {:<20} {:>7}  {}".format(*row) for row in (head, *sorted(rows))] if rows else []
