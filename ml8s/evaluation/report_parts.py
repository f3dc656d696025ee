"""From the steps' artifacts to the report's parts that are not about quality: data, members, features, warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ml8s.artifacts import Json, canonical_json
from ml8s.config.metrics import MULTICLASS
from ml8s.config.model import Config
from ml8s.config.show import beside_defaults
from ml8s.data.folds import NAMES
from ml8s.evaluation.assessment import Assessment
from ml8s.evaluation.fold_rows import class_rows
from ml8s.evaluation.forecasts import ForecastSummary
from ml8s.evaluation.metrics import weighted_mean
from ml8s.evaluation.report import (
    CandidateRow,
    DataSummary,
    FeatureTable,
    FoldRow,
    ImportanceTable,
    MemberRow,
    Report,
    SearchProgress,
    SliceTable,
)
from ml8s.evaluation.subject import Subject
from ml8s.evaluation.wording import number
from ml8s.features.manifest import FeatureManifest

STRATEGIES: Final = {
    "time": "time",
    "random": "a hash of each row",
    "stratified": "a hash of each row within its class",
    "group": "whole groups",
}
NEARLY_PERFECT: Final[Mapping[str, float]] = {"roc_auc": 0.999, "accuracy": 0.999, "r2": 0.999, "roc_auc_ovr": 0.999}


def build_report(
    subject: Subject,
    assessment: Assessment,
    *,
    config: Config,
    fold_facts: Mapping[str, Json],
    threshold_origin: str,
    forecasts: ForecastSummary | None,
    importance: ImportanceTable | None,
    slices: tuple[SliceTable, ...],
    selection: tuple[tuple[CandidateRow, ...], str],
    progress: tuple[SearchProgress, ...],
    warnings: Sequence[str],
    lineage: Sequence[tuple[str, str]],
) -> Report:
    """Puts the report together; a pure function of what the step computed and read.

    ``selection`` are the candidates, and why the model was chosen.
    """
    model, manifest = subject.model, subject.manifest
    calibration = model.calibration
    return Report(
        name=config.name or "",
        config=tuple(beside_defaults(config)),
        kind=subject.dataset.kind,
        target=subject.dataset.target.column,
        labels=subject.labels,
        metric=assessment.question.metric,
        passed=assessment.verdict.passed,
        reasons=assessment.verdict.reasons,
        words=assessment.words,
        metrics=assessment.metric_rows(),
        baseline_name=subject.baseline.name,
        baseline=subject.baseline.description,
        threshold=subject.threshold,
        threshold_origin=threshold_origin,
        data=data_summary(subject, fold_facts),
        refit=model.refit,
        calibrated="" if calibration is None else calibration.method,
        members=member_rows(subject),
        binary=assessment.binary,
        confusion=assessment.confusion,
        residuals=assessment.residuals,
        queries=assessment.queries,
        forecasts=forecasts,
        importance=importance,
        slices=slices,
        candidates=selection[0],
        selection_reason=selection[1],
        progress=progress,
        features=feature_table(manifest, importance),
        warnings=tuple(dict.fromkeys([*warnings, *suspicions(assessment)])),
        degraded=manifest.degraded,
        lineage=tuple(lineage),
    )


def feature_table(manifest: FeatureManifest, importance: ImportanceTable | None) -> FeatureTable:
    """What was made, why, how often it is null and how much it matters, and what was dropped and why."""
    measured = {one.column: one.mean for one in importance.columns} if importance else {}
    return FeatureTable(
        made=tuple((feature.name, feature.definition) for feature in manifest.features),
        dropped=tuple((dropped.name, dropped.reason) for dropped in manifest.dropped),
        aggregates=manifest.aggregates,
        nulls=tuple(feature.nulls for feature in manifest.features),
        importance=tuple(
            max((measured[name] for name in feature.source if name in measured), default=None)
            for feature in manifest.features
        ),
    )


def data_summary(subject: Subject, fold_facts: Mapping[str, Json]) -> DataSummary:
    """Files, folds and cuts."""
    dataset = subject.dataset
    counts = _object(fold_facts.get("counts"))
    rows = [_fold_row(subject, name) for name in subject.targets]
    dropped = counts.get(NAMES[-1])
    if isinstance(dropped, int) and dropped:
        rows.append(FoldRow(NAMES[-1], dropped, None, None))
    strategy = str(fold_facts.get("strategy", ""))
    return DataSummary(
        files=tuple((file.name, file.rows) for file in dataset.files),
        columns=len(dataset.columns),
        folds=tuple(rows),
        strategy=STRATEGIES.get(strategy, strategy),
        cuts=tuple(_cuts(fold_facts.get("cuts"))),
        weight_column=dataset.weight_column,
        group_column=dataset.group_column,
    )


def _fold_row(subject: Subject, name: str) -> FoldRow:
    target, kind = subject.targets[name], subject.dataset.kind
    classes = class_rows(subject.dataset, target.y)
    mean = weighted_mean(target.y, None) if target.y.size and kind != MULTICLASS else None
    return FoldRow(name, target.y.size, None if classes is None else tuple(classes), mean)


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _cuts(value: Json) -> list[tuple[str, str]]:
    """The cuts of a split by time: which fold begins at which time, the earliest first."""
    if isinstance(value, Mapping):
        begins = [(f"{name} begins", _text(time)) for name, time in value.items() if time is not None]
        return sorted(begins, key=lambda cut: (cut[1], cut[0]))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [(f"cut {index}", _text(one)) for index, one in enumerate(value, start=1)]
    return []


def _text(value: Json) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode("utf-8")


def member_rows(subject: Subject) -> tuple[MemberRow, ...]:
    """The members with their hyperparameters, sorted by name."""
    return tuple(
        MemberRow(
            member.estimator,
            member.weight,
            tuple((name, _shown(member.configuration[name])) for name in sorted(member.configuration)),
        )
        for member in subject.model.members
    )


def _shown(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _text(value)
    return number(float(value))


def suspicions(assessment: Assessment) -> list[str]:
    """Values that are too good to be believed without a look at the columns."""
    return [
        f"{name} is {number(value)}: look for a column that is only known after the target, or that repeats it."
        for name, value in assessment.model.values.items()
        if value >= NEARLY_PERFECT.get(name, float("inf"))
    ]
