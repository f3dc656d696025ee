"""The final model: refitted where asked, written as the model artifact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ml8s.artifacts import Json, write_json
from ml8s.config.metrics import MULTICLASS
from ml8s.data.parquet import write_table
from ml8s.scoring.calibration import Calibration
from ml8s.scoring.member import Member, file_entries
from ml8s.scoring.model import FILE, MEMBERS, SCHEMA
from ml8s.scoring.shape import Floats
from ml8s.search.candidate import Candidate
from ml8s.search.learners import Task, learner_of
from ml8s.search.learners.fitting import FitRefused, fit
from ml8s.search.rows import Matrix
from ml8s.search.search import fit_failed


@dataclass(frozen=True, slots=True)
class FinalModel:
    """What the model artifact holds beside the matrix's own facts."""

    metric: str
    refit: str
    members: Sequence[tuple[Candidate, Member]]
    calibration: Calibration | None
    threshold: float | None


def fit_members(
    chosen: Sequence[Candidate], matrix: Matrix, task: Task, refit: str, told: Callable[[int], None]
) -> list[tuple[Candidate, Member]]:
    """The members of the model: refitted on all rows for ``fit+tune``, else those that the searches fitted.

    Raises:
        SearchFailed: the library of an estimator cannot fit all rows, though it fitted those of fit.
    """
    members: list[tuple[Candidate, Member]] = []
    for candidate in chosen:
        member = candidate.member
        if refit == "fit+tune":
            rows = matrix.all_rows.in_units(absolute=task.objective.absolute)
            try:
                member = fit(candidate.estimator, learner_of(candidate.estimator, task, rows), candidate.configuration)
            except FitRefused as refused:
                raise fit_failed(candidate.estimator, refused) from refused
        members.append((candidate, member))
        told(len(members))
    return members


def write_model(folder: Path, model: FinalModel, matrix: Matrix, digest: str) -> None:
    """Writes ``model.json`` and ``members/<estimator>/…``; ``digest`` is the matrix artifact's."""
    share = 1.0 / len(model.members)
    described: list[dict[str, Json]] = []
    for candidate, member in model.members:
        place = folder / MEMBERS / candidate.estimator
        place.mkdir(parents=True)
        member.write(place)
        described.append(
            {
                "estimator": candidate.estimator,
                "family": member.family,
                "files": file_entries(place),
                "weight": share,
                "configuration": candidate.configuration,
            }
        )
    write_json(
        folder / FILE,
        {
            "schema": SCHEMA,
            "inputs": {**matrix.inputs, "matrix": digest},
            "kind": matrix.shape.kind,
            "metric": model.metric,
            "target": matrix.target,
            "features": list(matrix.features),
            "unit": matrix.unit,
            "refit": model.refit,
            "members": described,
            "calibration": None if model.calibration is None else model.calibration.to_json(),
            "threshold": model.threshold,
        },
    )


def write_tune_scores(folder: Path, matrix: Matrix, scores: Floats) -> None:
    """Writes ``scores.parquet`` of the tune rows: file, row, target, weight, group and time where there are, scores."""
    columns: dict[str, pa.Array] = {}
    for name in ("file", "row", "y", "weight", "group", "time"):
        values = matrix.tune_column(name)
        if values is not None:
            columns["target" if name == "y" else name] = pa.array(values)
    if matrix.shape.kind == MULTICLASS:
        for index in range(matrix.shape.classes):
            columns[f"score_{index}"] = pa.array(np.ascontiguousarray(scores[:, index]))
    else:
        columns["score"] = pa.array(scores)
    write_table(pa.table(columns), folder / "scores.parquet")
