"""Trials: what a search tried, in its order, without times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml8s.artifacts import Json, canonical_json, write_json

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: its number from 1, its configuration, and the metric on tune (None where it has no value)."""

    number: int
    configuration: Mapping[str, Json]
    value: float | None


def write_trial_log(folder: Path, estimator: str, metric: str, greater: bool, trials: Sequence[Trial]) -> None:
    """Writes ``trials.jsonl``: one line per trial, with the best value so far."""
    best: float | None = None
    lines = []
    for trial in trials:
        best = better_of(best, trial.value, greater)
        line: dict[str, Json] = {
            "trial": trial.number,
            "estimator": estimator,
            "configuration": trial.configuration,
            "metric": metric,
            "value": trial.value,
            "best": best,
        }
        lines.append(canonical_json(line) + b"\n")
    (folder / "trials.jsonl").write_bytes(b"".join(lines))


def write_trial_count(folder: Path, estimator: str, count: int) -> None:
    """Writes ``trials.json``: how many trials were done, which a replay does again."""
    write_json(folder / "trials.json", {"schema": SCHEMA, "estimator": estimator, "trials": count})


def better_of(one: float | None, other: float | None, greater: bool) -> float | None:
    """The better of two values of a metric; None is worse than any."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if greater else min(one, other)
