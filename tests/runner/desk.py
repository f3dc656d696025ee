"""A desk: a tiny snapshot, a config, and runs of the stub pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ml8s.config.loader import load_config
from ml8s.runner.events import Finished
from ml8s.runner.plan import Plan
from ml8s.runner.summary import Summary
from ml8s.runner.training import Request, Trained, prepare, train
from ml8s.steps.context import Progress
from tests.runner import stub

CONFIG = """\
dataset_uri: data
task: classification
target_column: y
split: {strategy: random}
automl: {max_trials: 3, estimators: [lgbm, rf]}
"""


@dataclass
class Heard:
    """A listener that keeps what it hears."""

    plans: list[Plan] = field(default_factory=list)
    ends: dict[str, Finished] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    steps: list[tuple[str, Progress]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    summary: Summary | None = None

    def planned(self, plan: Plan) -> None:
        self.plans.append(plan)

    def started(self, label: str) -> None:
        pass

    def progressed(self, label: str, progress: Progress) -> None:
        self.steps.append((label, progress))

    def finished(self, label: str, end: Finished) -> None:
        self.ends[label] = end

    def failed(self, label: str, message: str) -> None:
        self.failures.append(label)

    def noted(self, label: str, text: str) -> None:
        self.notes.append(text)

    def summarised(self, summary: Summary, report: str) -> None:
        self.summary = summary


@dataclass
class Desk:
    """A folder with a config, its snapshot, a store and the trace of calls."""

    root: Path
    heard: Heard = field(default_factory=Heard)

    @property
    def store(self) -> Path:
        return self.root / "store"

    def config(self, text: str = CONFIG) -> Path:
        path = self.root / "churn_model.yaml"
        path.write_text(text)
        return path

    def request(self, *overrides: str, **more: object) -> Request:
        path = self.root / "churn_model.yaml"
        store = more.pop("store", str(self.store))
        return Request(load_config(path, overrides), store, program=stub.PROGRAM, **{"slots": 2, **more})  # type: ignore[arg-type]

    def train(self, *overrides: str, **more: object) -> Trained:
        self.heard = Heard()
        return train(self.request(*overrides, **more), self.heard)

    def states(self, *overrides: str, **more: object) -> dict[str, tuple[str, str]]:
        plan = prepare(self.request(*overrides, **more)).plan()
        return {row.task.label: (row.state, row.reason) for row in plan.tasks}

    def calls(self) -> list[str]:
        """The steps called since the last question."""
        folder = self.root / "calls"
        found = stub.calls(folder)
        for path in folder.iterdir():
            path.unlink()
        return found
