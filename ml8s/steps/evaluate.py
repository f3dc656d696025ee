"""evaluate: scores the test fold, compares it with the gates and writes the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.config.digests import section_digest
from ml8s.config.model import Evaluation
from ml8s.data.dataset import read_dataset
from ml8s.data.folds import read_facts, read_folds
from ml8s.data.slices import known_slices
from ml8s.environment import require_pinned
from ml8s.evaluation.assessment import Assessment, Question, assess, slice_tables
from ml8s.evaluation.forecasts import ForecastSummary, summarize_forecasts
from ml8s.evaluation.logged_values import shown_column, shown_names
from ml8s.evaluation.outputs import (
    write_metrics,
    write_profile_of,
    write_report,
    write_test_scores,
    write_verdict,
)
from ml8s.evaluation.report_parts import build_report
from ml8s.evaluation.search_log import read_progress, read_selection
from ml8s.evaluation.subject import Subject, read_subject
from ml8s.features.forecast.section import ForecastSection
from ml8s.features.manifest import FeatureManifest
from ml8s.scoring import load_model
from ml8s.steps.context import Progress, StepContext

LINEAGE: Final = ("snapshot", "dataset", "folds", "features", "aggregates", "model")


def run(  # noqa: PLR0913 -- one parameter per port of the catalogue
    context: StepContext,
    *,
    snapshot: Path,
    dataset: Path,
    folds: Path,
    features: Path,
    aggregates: Path,
    model: Path,
    tune_scores: Path,
    selection: Path,
    trial_log: Mapping[str, Path],
    verdict: Path,
    metrics: Path,
    report: Path,
    test_scores: Path,
    profile: Path,
) -> Mapping[str, Json]:
    """Writes the verdict, the metrics, the report, the scores of the test rows and their profile.

    It ends normally when a gate fails too: the verdict is an output, and the report is there to read. The result
    depends on the inputs and the config sections of the spec; threads change its speed only.

    Raises:
        EnvironmentNotPinned: this process lacks the environment that makes results equal everywhere.
        ModelFileRefused: a file of the model is damaged.
    """
    require_pinned()
    config = context.config.evaluation
    contract = read_dataset(dataset)
    slices, warnings = known_slices(config.slices, contract)
    manifest = FeatureManifest.read(features)
    section = ForecastSection.of(manifest)
    series = () if section is None else tuple(name for name, _ in section.series)
    subject = read_subject(
        snapshot,
        contract,
        read_folds(folds),
        manifest,
        load_model(model),
        aggregates=aggregates,
        more_columns=(*slices, *series),
        threads=context.threads,
    )
    assessment = assess(_question(subject, config), subject.sample, subject.baseline)
    fold_facts = read_facts(folds)
    total = len(subject.manifest.columns)
    built = build_report(
        subject,
        assessment,
        config=context.config,
        fold_facts=fold_facts,
        threshold_origin=threshold_origin(config),
        forecasts=_forecasts(subject, contract.metric, series),
        importance=subject.importance(
            contract.metric, context.config.seed, lambda done: context.progress(Progress(done, total, "columns"))
        ),
        slices=slice_tables(assessment.question, subject.sample, slice_columns(subject, slices)),
        selection=read_selection(selection),
        progress=read_progress(trial_log),
        warnings=[*contract.warnings, *_texts(fold_facts.get("warnings")), *subject.manifest.warnings, *warnings],
        lineage=sorted(context.inputs.items()),
    )
    inputs = {name: context.inputs[name] for name in LINEAGE}
    write_verdict(verdict, assessment, inputs, section_digest(context.config, "evaluation"))
    write_metrics(metrics, assessment, built, len(subject.test.rows))
    write_report(report, built)
    write_test_scores(test_scores, subject)
    write_profile_of(profile, subject, inputs)
    for warning in warnings:
        context.warn(warning)
    return _facts(assessment)


def _forecasts(subject: Subject, metric: str, series: Sequence[str]) -> ForecastSummary | None:
    points, time = subject.test.points, subject.test.time
    if points is None or time is None:
        return None
    columns = [shown_names(subject.dataset.column(name), subject.test.columns[name]) for name in series]
    names = [
        ", ".join(f"{name}={value}" for name, value in zip(series, row, strict=True))
        for row in zip(*columns, strict=True)
    ]
    return summarize_forecasts(
        metric, subject.sample, points, time, names or [subject.dataset.target.column] * len(time)
    )


def _question(subject: Subject, config: Evaluation) -> Question:
    dataset = subject.dataset
    return Question(dataset.kind, dataset.metric, subject.labels, config.gates, config.required)


def _facts(assessment: Assessment) -> Mapping[str, Json]:
    verdict = assessment.verdict
    return {
        "passed": verdict.passed,
        "reasons": list(verdict.reasons)[:10],
        # All of them, as in metrics.json: the plan knows the record of a registered model from these facts.
        "metrics": dict(assessment.model.values),
    }


def slice_columns(subject: Subject, names: Sequence[str]) -> dict[str, tuple[str, NDArray[Any]]]:
    """Type and values of each column as the snapshot wants them shown."""
    shown = {name: shown_column(subject.dataset.column(name), subject.test.columns[name]) for name in names}
    return {name: column for name, column in shown.items() if column is not None}


def threshold_origin(config: Evaluation) -> str:
    """Where the decision threshold comes from, in words."""
    if config.threshold is None:
        return "the default"
    if isinstance(config.threshold, str):
        return f"the best {config.threshold} on tune"
    return "from the config"


def _texts(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else []
