"""What the search and the selection left behind, for the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ml8s.evaluation.report import CandidateRow, SearchProgress

LOG_NAME: Final = "trials.jsonl"
SELECTION_NAME: Final = "selection.json"


def read_progress(trial_logs: Mapping[str, Path]) -> tuple[SearchProgress, ...]:
    """The best value by trial of each estimator, sorted by its name: first, improvements and last trial only."""
    found = []
    for estimator in sorted(trial_logs):
        lines = (trial_logs[estimator] / LOG_NAME).read_text("utf-8").splitlines()
        trials = [(line["trial"], line["best"]) for line in map(json.loads, lines)]
        known = [(int(trial), float(best)) for trial, best in trials if best is not None]
        found.append(SearchProgress(estimator, tuple(_turning_points(known))))
    return tuple(found)


def _turning_points(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    last = len(points) - 1
    return [point for index, point in enumerate(points) if index in (0, last) or point[1] != points[index - 1][1]]


def read_selection(folder: Path) -> tuple[tuple[CandidateRow, ...], str]:
    """The candidates, best first, and in one sentence why the model was chosen."""
    selection = json.loads((folder / SELECTION_NAME).read_bytes())
    chosen = set(selection["chosen"])
    rows = tuple(
        CandidateRow(one["estimator"], one["value"], int(one["rounds"]), int(one["trials"]), one["estimator"] in chosen)
        for one in selection["candidates"]
    )
    return rows, str(selection["reason"])
