"""The files that an evaluation writes; docs/reference/artifacts.md says what each holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from ml8s.artifacts import Json, write_json
from ml8s.data.parquet import write_table
from ml8s.evaluation.assessment import Assessment
from ml8s.evaluation.markdown import render_markdown
from ml8s.evaluation.page import render_html
from ml8s.evaluation.profile import MOST_ROWS, ProfileColumn, profile_column, write_profile
from ml8s.evaluation.report import Report
from ml8s.evaluation.subject import Subject

SCHEMA: Final = 1
SCORES_NAME: Final = "scores.parquet"


def write_verdict(folder: Path, assessment: Assessment, inputs: Mapping[str, str], section: str) -> None:
    """Writes ``verdict.json``; ``section`` is the digest of the config's ``evaluation`` section."""
    verdict = assessment.verdict
    write_json(
        folder / "verdict.json",
        {
            "schema": SCHEMA,
            "inputs": dict(inputs),
            "evaluation": section,
            "passed": verdict.passed,
            "gates": [gate.to_json() for gate in verdict.gates],
            "reasons": list(verdict.reasons),
        },
    )


def write_metrics(folder: Path, assessment: Assessment, report: Report, rows: int) -> None:
    """Writes ``metrics.json``."""
    slices: dict[str, Json] = {table.column: [row.to_json() for row in table.rows] for table in report.slices}
    write_json(
        folder / "metrics.json",
        {
            "schema": SCHEMA,
            "metric": assessment.question.metric,
            "rows": rows,
            "metrics": dict(assessment.model.values),
            "undefined": dict(assessment.model.undefined),
            "baseline": dict(assessment.baseline.values),
            "threshold": report.threshold,
            "slices": slices,
        },
    )


def write_report(folder: Path, report: Report) -> None:
    """Writes ``report.json``, ``report.md`` and ``report.html``."""
    write_json(folder / "report.json", report.to_json())
    (folder / "report.md").write_bytes(render_markdown(report).encode("utf-8"))
    (folder / "report.html").write_bytes(render_html(report).encode("utf-8"))


def write_test_scores(folder: Path, subject: Subject) -> None:
    """Writes ``scores.parquet``: one line per test row, sorted by file and row."""
    import pyarrow as pa

    test = subject.test
    columns = {"file": test.rows.file, "row": test.rows.row, "target": test.y}
    columns |= {
        name: values
        for name, values in (("weight", test.weight), ("group", test.group), ("time", test.time))
        if values is not None
    }
    columns |= score_columns(subject)
    table = pa.table({name: pa.array(np.ascontiguousarray(values)) for name, values in columns.items()})
    write_table(table, folder / SCORES_NAME)


def score_columns(subject: Subject) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """The scores by name: ``score``, or ``score_<class index>`` with several classes."""
    if subject.scores.ndim == 1:
        return {"score": subject.scores}
    return {f"score_{index}": subject.scores[:, index] for index in range(subject.scores.shape[1])}


def write_profile_of(folder: Path, subject: Subject, inputs: Mapping[str, str]) -> None:
    """Writes ``profile.json`` and ``codes.parquet`` of the source columns and scores."""
    rows = subject.chosen(MOST_ROWS)
    logged = {column.name: column.log for column in subject.dataset.columns}
    columns: list[ProfileColumn] = []
    left_out = []
    for source in subject.manifest.columns:
        if logged.get(source.name) == "drop":
            left_out.append(source.name)
            continue
        values = subject.test.columns[source.name][rows]
        columns.append(profile_column(source.name, source.type, values, hashed=logged.get(source.name) == "hash"))
    columns += [profile_column(name, "number", values[rows]) for name, values in score_columns(subject).items()]
    write_profile(folder, columns, rows=len(subject.test.rows), inputs=inputs, left_out=left_out)
