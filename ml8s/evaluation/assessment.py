"""The assessment of a model on the test fold: metrics, verdict, and what the report shows of its quality."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.config.metrics import BINARY, FORECASTING, MULTICLASS, RANKING, REGRESSION, find_metric
from ml8s.evaluation import plain_words
from ml8s.evaluation.baseline import Baseline
from ml8s.evaluation.confusion import Confusion, confusion
from ml8s.evaluation.curves import (
    calibration_bins,
    calibration_error,
    gain_points,
    precision_recall_curve,
    roc_curve,
    threshold_curves,
)
from ml8s.evaluation.gates import Verdict, judge
from ml8s.evaluation.measured import Measured, measure, metric_names
from ml8s.evaluation.metrics import Sample
from ml8s.evaluation.queries import QuerySummary, summarize_queries
from ml8s.evaluation.report import BinaryParts, MetricRow, ScoreHistogram, SliceTable
from ml8s.evaluation.residuals import Residuals, residuals
from ml8s.evaluation.slices import slice_rows
from ml8s.evaluation.thresholds import score_steps

HISTOGRAM_BINS: Final = 40
SLICE_METRICS: Final = 4
WITHIN: Final = (0.5, 0.9)
DEFAULT_K: Final = 10


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the model: the task, the metric that decides, gates and required metrics."""

    kind: str
    metric: str
    labels: tuple[str, ...]
    gates: Mapping[str, str]
    required: Sequence[str]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer. ``binary``, ``confusion``, ``residuals`` and ``queries`` are None where they do not apply."""

    question: Question
    model: Measured
    baseline: Measured
    verdict: Verdict
    words: tuple[str, ...]
    binary: BinaryParts | None = None
    confusion: Confusion | None = None
    residuals: Residuals | None = None
    queries: QuerySummary | None = None

    def metric_rows(self) -> tuple[MetricRow, ...]:
        """Every metric with its baseline and gates, the one that decides first."""
        rows = []
        for name in (*self.model.values, *self.model.undefined):
            metric = find_metric(name)
            rows.append(
                MetricRow(
                    name=name,
                    summary=metric.summary if metric else "",
                    greater_is_better=metric is None or metric.greater_is_better,
                    decides=name == self.question.metric,
                    value=self.model.value(name),
                    baseline=self.baseline.value(name),
                    reason=self.model.undefined.get(name, ""),
                    gates=tuple(gate for gate in self.verdict.gates if gate.metric == name),
                )
            )
        return tuple(sorted(rows, key=lambda row: (not row.decides, not row.gates)))


def assess(question: Question, sample: Sample, baseline: Baseline) -> Assessment:
    """Judges the model's scores of the test rows; a pure function of its arguments."""
    names = metric_names(question.kind, (question.metric, *question.gates, *question.required))
    model = measure(names, question.kind, sample)
    constant = baseline.measure(names, sample)
    verdict = judge(question.metric, question.gates, question.required, model, constant, against=baseline.name)
    parts: dict[str, Any] = {}
    if _has_parts(sample):
        parts = _PARTS[question.kind](question, sample, model)
    words = tuple(parts.pop("words", ()))
    return Assessment(question, model, constant, verdict, words, **parts)


def _has_parts(sample: Sample) -> bool:
    """Whether there is anything to draw: rows that weigh something, with finite scores."""
    weighs = sample.weight is None or bool(sample.weight.any())
    return bool(sample.y.size) and weighs and bool(np.isfinite(sample.scores).all())


def _binary(question: Question, sample: Sample, model: Measured) -> dict[str, Any]:
    steps = score_steps(sample.y, sample.scores, sample.weight)
    positives, negatives = float(steps.positives.sum()), float(steps.negatives.sum())
    both = positives > 0 and negatives > 0
    bins = calibration_bins(sample)
    precision, recall = threshold_curves(steps) if positives else (None, None)
    parts = BinaryParts(
        histogram=_score_histogram(sample),
        roc=roc_curve(steps) if both else None,
        precision_recall=precision_recall_curve(steps) if positives else None,
        precision_by_threshold=precision,
        recall_by_threshold=recall,
        gain=gain_points(sample) if both else (),
        calibration=bins,
        calibration_error=calibration_error(bins) if bins else None,
    )
    found = confusion(sample, question.labels)
    words = plain_words.binary_words(
        found, parts.gain, model.values, sample.threshold, weighted=sample.weight is not None
    )
    return {"binary": parts, "confusion": found, "words": words}


def _score_histogram(sample: Sample) -> ScoreHistogram:
    """Forty even bins from 0 to the highest score, so that rare classes with low scores still show."""
    top = min(max(float(sample.scores.max()), 1e-6), 1.0)
    bins = np.clip((sample.scores / top * HISTOGRAM_BINS).astype(np.int64), 0, HISTOGRAM_BINS - 1)
    counts = [np.bincount(bins[sample.y == label], minlength=HISTOGRAM_BINS).tolist() for label in (0.0, 1.0)]
    edges = [top * i / HISTOGRAM_BINS for i in range(HISTOGRAM_BINS + 1)]
    return ScoreHistogram(tuple(edges), tuple(tuple(one) for one in counts))


def _multiclass(question: Question, sample: Sample, model: Measured) -> dict[str, Any]:
    found = confusion(sample, question.labels)
    return {
        "confusion": found,
        "words": plain_words.multiclass_words(found, model.values, weighted=sample.weight is not None),
    }


def _regression(_: Question, sample: Sample, __: Measured) -> dict[str, Any]:
    found = residuals(sample)
    errors = np.sort(np.abs(sample.scores - sample.y))
    within = {share: float(errors[max(math.ceil(share * errors.size) - 1, 0)]) for share in WITHIN}
    return {"residuals": found, "words": plain_words.regression_words(found, sample.y.size, within)}


def _ranking(question: Question, sample: Sample, _: Measured) -> dict[str, Any]:
    k = int(question.metric.partition("@")[2] or DEFAULT_K)
    found = summarize_queries(sample, k)
    return {"queries": found, "words": plain_words.ranking_words(found)}


_PARTS: Final = {
    BINARY: _binary,
    MULTICLASS: _multiclass,
    REGRESSION: _regression,
    RANKING: _ranking,
    FORECASTING: _regression,
}


def slice_tables(
    question: Question, sample: Sample, columns: Mapping[str, tuple[str, NDArray[Any]]]
) -> tuple[SliceTable, ...]:
    """One table per column, given as (type, values): the deciding metric and those with gates, at most four."""
    names = tuple(dict.fromkeys((question.metric, *question.gates, *question.required)))[:SLICE_METRICS]
    return tuple(
        SliceTable(name, names, slice_rows(values, type_, question.kind, sample, names))
        for name, (type_, values) in columns.items()
    )
