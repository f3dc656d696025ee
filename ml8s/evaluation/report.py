"""The report as a value: everything that report.html, report.md and report.json show, from which all three are made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ml8s.artifacts import Json
from ml8s.evaluation.confusion import Confusion
from ml8s.evaluation.curves import CalibrationBin, Curve, GainPoint
from ml8s.evaluation.forecasts import ForecastSummary
from ml8s.evaluation.gates import GateResult
from ml8s.evaluation.importance import ColumnImportance
from ml8s.evaluation.queries import QuerySummary
from ml8s.evaluation.residuals import Residuals
from ml8s.evaluation.slices import SliceRow

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric on the test fold, of the model and of the baseline; ``reason`` where it has no value."""

    name: str
    summary: str
    greater_is_better: bool
    decides: bool
    value: float | None
    baseline: float | None
    reason: str
    gates: tuple[GateResult, ...]


@dataclass(frozen=True, slots=True)
class FoldRow:
    """One fold: its rows, rows per class (None without classes), mean target (None with several classes)."""

    name: str
    rows: int
    classes: tuple[int, ...] | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class DataSummary:
    """The snapshot's files with their rows, and how they were cut into folds."""

    files: tuple[tuple[str, int], ...]
    columns: int
    folds: tuple[FoldRow, ...]
    strategy: str
    cuts: tuple[tuple[str, str], ...]
    weight_column: str | None
    group_column: str | None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One fitted estimator of the model: its share of the score and its hyperparameters."""

    estimator: str
    weight: float
    configuration: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """What the search found for one estimator; ``value`` is the mean over so many ``rounds``, the first on tune."""

    estimator: str
    value: float | None
    rounds: int
    trials: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """The best metric of one estimator by trial: the first trial, every improvement, the last."""

    estimator: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """Test rows by score, in even bins: ``counts[i]`` are those of class i, or of all rows."""

    edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class BinaryParts:
    """What only a binary score has; curves are None where the test fold has one class only."""

    histogram: ScoreHistogram
    roc: Curve | None
    precision_recall: Curve | None
    precision_by_threshold: Curve | None
    recall_by_threshold: Curve | None
    gain: tuple[GainPoint, ...]
    calibration: tuple[CalibrationBin, ...]
    calibration_error: float | None


@dataclass(frozen=True, slots=True)
class ImportanceTable:
    """Permutation importance of the source columns, on some of the test rows."""

    metric: str
    rows: int
    repeats: int
    columns: tuple[ColumnImportance, ...]


@dataclass(frozen=True, slots=True)
class SliceTable:
    """Metrics per value of one column."""

    column: str
    metrics: tuple[str, ...]
    rows: tuple[SliceRow, ...]


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of the model as (name, definition), and what was left out as (name, reason).

    ``nulls`` is the share of fit rows where each feature is null, in the order of ``made``; ``importance`` that of the
    most important source column that it reads, None where it was not measured.
    """

    made: tuple[tuple[str, str], ...]
    dropped: tuple[tuple[str, str], ...]
    aggregates: str
    nulls: tuple[float, ...] = ()
    importance: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation.

    Attributes:
        name: the model's name; empty without one.
        config: (dotted path, value as YAML) of what the config says beside its defaults.
        kind: binary, multiclass, regression, ranking or forecasting.
        target: the target column.
        labels: the classes as text, the positive one of two last; empty without classes.
        metric: the metric that decides.
        passed: the verdict.
        reasons: why, one sentence each.
        words: what the numbers say, in sentences.
        metrics: the metric that decides first.
        baseline_name: what the baseline is called.
        baseline: one sentence on it.
        threshold: from which score on a row is decided positive; None but for binary.
        threshold_origin: where the threshold comes from.
        lineage: (port, digest) of what the evaluation was made from.
    """

    name: str
    config: tuple[tuple[str, str], ...]
    kind: str
    target: str
    labels: tuple[str, ...]
    metric: str
    passed: bool
    reasons: tuple[str, ...]
    words: tuple[str, ...]
    metrics: tuple[MetricRow, ...]
    baseline_name: str
    baseline: str
    threshold: float | None
    threshold_origin: str
    data: DataSummary
    refit: str
    calibrated: str
    members: tuple[MemberRow, ...]
    binary: BinaryParts | None
    confusion: Confusion | None
    residuals: Residuals | None
    queries: QuerySummary | None
    forecasts: ForecastSummary | None
    importance: ImportanceTable | None
    slices: tuple[SliceTable, ...]
    candidates: tuple[CandidateRow, ...]
    selection_reason: str
    progress: tuple[SearchProgress, ...]
    features: FeatureTable
    warnings: tuple[str, ...]
    degraded: tuple[str, ...]
    lineage: tuple[tuple[str, str], ...]

    @property
    def judged(self) -> str:
        """Where the search judged its trials: on tune, or in rounds of cross-validation."""
        rounds = max((one.rounds for one in self.candidates), default=1)
        return "on tune" if rounds == 1 else f"in {rounds} rounds"

    @property
    def title(self) -> str:
        """What it is about: the model by name, and what it predicts."""
        return f"{self.name}: model for {self.target}" if self.name else f"Model for {self.target}"

    def to_json(self) -> Json:
        """The report as JSON; a float that is not finite becomes null."""
        return {"schema": SCHEMA, **_finite_object(asdict(self))}


def _finite_object(value: Mapping[str, object]) -> dict[str, Json]:
    return {str(key): _finite(item) for key, item in value.items()}


def _finite(value: object) -> Json:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return _finite_object(value)
    if isinstance(value, Sequence):
        return [_finite(item) for item in value]
    raise TypeError(f"{type(value).__name__} is not JSON")
