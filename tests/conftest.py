"""Every test process runs under the environment pin, as every process that trains or scores does."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from ml8s.environment import missing_pins, pinned_environment


def pytest_configure(config: pytest.Config) -> None:
    """Starts pytest anew under the pin: the C library and numpy read it only when a process starts."""
    # A job in a shell's background ignores Ctrl-C, and so would all that the tests start and interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
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
    for line in (*table(passed), *_determinism(passed), *_left_out()):
        terminalreporter.write_line(line)


def _determinism(passed: list[pytest.TestReport]) -> list[str]:
    """One line for each axis: on which data it was compared, how many digests agreed, and what its controls showed."""
    rows = {tuple(value) for report in passed for name, value in report.user_properties if name == "determinism"}
    lines = ["{:<26} {:<42} {:>7}  {}".format("axis", "data", "digests", "control")] if rows else []
    for axis in sorted({axis for axis, *_ in rows}):
        compared = sorted((data, int(count)) for one, data, count, control in rows if one == axis and not control)
        shown = "; ".join(sorted(control for one, *_, control in rows if one == axis and control))
        data, count = ", ".join(data for data, _ in compared), sum(count for _, count in compared)
        lines.append(f"{axis:<26} {data or '-':<42} {count:>7}  {shown or '-'}")
    return lines


def _left_out() -> list[str]:
    from tests.azurite_server import PRESENT

    return [] if PRESENT else ["not tested: the Azure store, for want of node and npm (make azurite)"]
