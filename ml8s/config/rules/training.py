"""Rules about what is learned and how: task, search, threshold and calibration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ml8s.config.metrics import BINARY, METRICS
from ml8s.config.model import Config
from ml8s.config.report import Finding
from ml8s.config.rules.registry import rule

RANKERS: Final = ("lgbm", "xgboost")


@rule("task", "automl.estimators")
def estimators_can_rank(config: Config) -> Iterator[Finding]:
    """Only the boosted trees have a ranking objective."""
    if config.task != "ranking":
        return
    for index, estimator in enumerate(config.automl.estimators):
        if estimator not in RANKERS:
            yield Finding(
                ("automl", "estimators", index),
                f"the estimator `{estimator}` cannot rank",
                f"estimators for ranking: {', '.join(RANKERS)}",
            )


@rule("feature_engineering.enabled", "feature_engineering.primitives", "feature_engineering.windows")
def aggregates_have_primitives_and_windows(config: Config) -> Iterator[Finding]:
    """Without one of either no aggregate is made."""
    engineering = config.feature_engineering
    for name, items, some in (
        ("primitives", engineering.primitives, "[sum, mean, count]"),
        ("windows", engineering.windows, "[1d, 30d]"),
    ):
        if engineering.enabled and not items:
            yield Finding(
                ("feature_engineering", name),
                f"`feature_engineering.{name}` is empty, so that no aggregate would be made",
                f"for example `{name}: {some}`, or remove the line, or write `enabled: false`",
            )


@rule("automl.blend", "automl.estimators")
def a_blend_needs_two_estimators(config: Config) -> Iterator[Finding]:
    """A mean of one is no blend."""
    if config.automl.blend and len(set(config.automl.estimators)) < 2:
        yield Finding(
            ("automl", "blend"),
            "`automl.blend` needs at least two estimators",
            "add one to `automl.estimators`, or remove it",
        )


@rule("task", "positive_class")
def only_classes_have_a_positive_one(config: Config) -> Iterator[Finding]:
    """A positive class belongs to classification."""
    if config.positive_class is not None and config.task != "classification":
        yield Finding(
            ("positive_class",),
            f"`positive_class` has no meaning for the task `{config.task}`",
            "remove the line",
            at_key=True,
        )


@rule("task", "evaluation.threshold", "evaluation.calibration")
def decisions_are_for_classification(config: Config) -> Iterator[Finding]:
    """Thresholds and calibration are about probabilities."""
    if config.task == "classification":
        return
    for name, given in (
        ("threshold", config.evaluation.threshold is not None),
        ("calibration", config.evaluation.calibration != "off"),
    ):
        if given:
            yield Finding(
                ("evaluation", name),
                f"`evaluation.{name}` has no meaning for the task `{config.task}`",
                "remove the line",
                at_key=True,
            )


@rule("task", "evaluation.threshold")
def a_threshold_is_a_probability_or_a_metric(config: Config) -> Iterator[Finding]:
    """A number between 0 and 1, or a metric of decisions to maximise."""
    threshold, path = config.evaluation.threshold, ("evaluation", "threshold")
    if threshold is None or config.task != "classification":
        return
    if isinstance(threshold, str):
        names_of_decisions = [m.name for m in METRICS.values() if BINARY in m.kinds and m.needs_threshold]
        if threshold not in names_of_decisions:
            yield Finding(
                path,
                f"`evaluation.threshold` names no metric of binary decisions: {threshold}",
                f"one of {', '.join(names_of_decisions)}, or a number between 0 and 1 without quotes",
            )
    elif not 0 < threshold < 1:
        yield Finding(
            path, f"`evaluation.threshold` must lie between 0 and 1, not {threshold:g}", "for example `threshold: 0.5`"
        )


@rule("automl.refit", "evaluation.threshold", "evaluation.calibration")
def what_is_learned_on_tune_is_not_fitted_on_it(config: Config) -> Iterator[Finding]:
    """A threshold or calibration learned on tune needs a model that never saw tune."""
    learned = "a threshold" if isinstance(config.evaluation.threshold, str) else ""
    learned = "a calibration" if config.evaluation.calibration != "off" else learned
    if config.automl.refit == "fit+tune" and learned:
        yield Finding(
            ("automl", "refit"),
            f"`refit: fit+tune` cannot stand beside {learned} that is learned on tune",
            "write `refit: auto` or `refit: fit`: the model must not have seen the tune rows",
        )
