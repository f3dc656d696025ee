"""A run's progress on the terminal: one live line per step, or plain lines where there is no terminal."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

from ml8s.cli import ui

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from ml8s.runner.events import Finished
    from ml8s.runner.plan import Plan
    from ml8s.runner.summary import Summary
    from ml8s.steps.context import Progress

PLAIN_EVERY_SECONDS: Final = 10.0
NARROW: Final = 60
REFRESHES_PER_SECOND: Final = 4
RUNNING: Final = "running"
WAITING: Final = "waiting"
FAILED: Final = "failed"
STARTING: Final = "starting"
STYLES: Final = {RUNNING: "bold", WAITING: "dim", FAILED: "red", "done": "green", "cached": "dim", "satisfied": "dim"}


@dataclass(slots=True)
class Line:
    """What is known of one task."""

    label: str
    state: str = WAITING
    began: float | None = None
    seconds: float = 0.0
    detail: str = ""

    def text(self, now: float, label_width: int, width: int) -> str:
        """One line of at most ``width`` characters: label, state, elapsed time, and what it got to."""
        seconds = now - self.began if self.state == RUNNING and self.began is not None else self.seconds
        elapsed = "" if self.state in (WAITING, "cached", "satisfied") else clock(seconds)
        if width < NARROW:
            line = f"{self.label:<{label_width}} {self.state:<7} {elapsed:<5} {self.detail}".rstrip()
        else:
            line = f"  {self.label:<{label_width}}  {self.state:<9} {elapsed:>6}  {self.detail}".rstrip()
        return line if len(line) <= width else line[: width - 1] + "…"


def clock(seconds: float) -> str:
    """A span of time in at most six characters: 4.2s, 75s, 12m05s, 3h02m."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 100:
        return f"{seconds:.0f}s"
    if seconds < 6000:
        return f"{seconds // 60:.0f}m{seconds % 60:02.0f}s"
    return f"{seconds // 3600:.0f}h{seconds % 3600 // 60:02.0f}m"


class Display:
    """A listener that keeps one line per task. On a terminal they are redrawn in place."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._told: dict[str, float] = {}
        self._notes: list[str] = []
        self.summary: Summary | None = None
        self._live = ui.is_terminal(sys.stderr)

    def showing(self) -> AbstractContextManager[object]:
        """Shows the lines as long as the context is open."""
        if not self._live:
            return nullcontext()
        from rich.console import Console
        from rich.live import Live

        # Whatever a library prints goes where it would have gone: the lines below are redrawn beneath it.
        return Live(self, console=Console(stderr=True), refresh_per_second=REFRESHES_PER_SECOND, redirect_stdout=False)

    def tell_notes(self) -> None:
        """Says what was noted while the lines were on the screen."""
        for note in dict.fromkeys(self._notes):
            ui.warning(note)
        self._notes.clear()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        width = max((len(line.label) for line in self._lines.values()), default=0)
        for line in self._lines.values():
            text = line.text(monotonic(), width, options.max_width - 1)
            yield Text(text, style=STYLES.get(line.state, ""), no_wrap=True, overflow="ellipsis")

    def planned(self, plan: Plan) -> None:
        """Lists the tasks."""
        self._lines = {row.task.label: self._lines.get(row.task.label, Line(row.task.label)) for row in plan.tasks}

    def started(self, label: str, ago: float = 0.0) -> None:
        """The line's clock starts, or started ``ago`` seconds before now."""
        line = self._line(label)
        line.state, line.began, line.detail = RUNNING, monotonic() - ago, ""
        self._told[label] = monotonic()

    def delayed(self, label: str, why: str) -> None:
        """The line says why its task does not start; where there are no lines, it is said once."""
        self._line(label).detail = why
        if not self._live and why != STARTING:
            ui.note(f"{label} {why}")

    def progressed(self, label: str, progress: Progress) -> None:
        """The line says how far it is."""
        total = "" if progress.total is None else f"/{progress.total:,}"
        best = f"  {progress.best}" if progress.best else ""
        self._line(label).detail = f"{progress.done:,}{total} {progress.unit}{best}".strip()
        now = monotonic()
        if not self._live and now - self._told.get(label, now) >= PLAIN_EVERY_SECONDS:
            self._told[label] = now
            self._say(label)

    def finished(self, label: str, end: Finished) -> None:
        """The line says how the task ended."""
        line = self._line(label)
        line.state, line.seconds = end.how, end.seconds
        model_id = end.facts.get("model_id")
        line.detail = str(model_id) if model_id else line.detail.removeprefix(STARTING)
        self._say(label)

    def failed(self, label: str, message: str) -> None:
        """The line says that there is no result; why is said by the error."""
        line = self._line(label)
        line.state, line.seconds = FAILED, monotonic() - (line.began or monotonic())
        self._say(label)

    def noted(self, label: str, text: str) -> None:
        """Keeps a warning until the lines are gone, or says it at once where there are none."""
        self._notes.append(f"{label}: {text}")
        if not self._live:
            self.tell_notes()

    def summarised(self, summary: Summary, report: str) -> None:
        """Keeps the summary for the end."""
        self.summary = summary

    def _line(self, label: str) -> Line:
        return self._lines.setdefault(label, Line(label))

    def _say(self, label: str) -> None:
        if not self._live:
            width = max(len(line.label) for line in self._lines.values())
            ui.note(self._lines[label].text(monotonic(), width, 200).strip())
