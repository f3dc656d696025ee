"""Rules about metrics: each is known, judges the task, and its gate can be met."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from ml8s.config.metrics import KINDS_OF_TASK, METRICS, Metric, find_metric
from ml8s.config.model import Config
from ml8s.config.report import Finding
from ml8s.config.rules.registry import rule
from ml8s.config.strict_yaml import Path

_GATE = re.compile(r"\s*(>=|<=|>|<)\s*(.*?)\s*")
_ALIASES: Final = {
    "auc": "roc_auc", "rocauc": "roc_auc", "auroc": "roc_auc", "ap": "average_precision", "pr_auc": "average_precision",
    "aucpr": "average_precision", "logloss": "log_loss", "cross_entropy": "log_loss", "mse": "rmse",
    "brier": "brier_score",
    "r2_score": "r2", "acc": "accuracy", "ndcg": "ndcg@10", "macro_f1": "f1_macro", "mean_absolute_error": "mae",
}  # fmt: skip


@rule("metric", "task")
def the_metric_fits_the_task(config: Config) -> Iterator[Finding]:
    """The deciding metric is known and judges this task."""
    if config.metric is not None:
        yield from _metric_findings(config, config.metric, ("metric",))


@rule("evaluation.required", "task")
def required_metrics_fit_the_task(config: Config) -> Iterator[Finding]:
    """Every required metric is known and judges this task."""
    for index, name in enumerate(config.evaluation.required):
        yield from _metric_findings(config, name, ("evaluation", "required", index))


@rule("evaluation.gates", "task")
def gates_name_metrics_of_the_task(config: Config) -> Iterator[Finding]:
    """Every gate's metric is known and judges this task."""
    for name in config.evaluation.gates:
        yield from _metric_findings(config, name, ("evaluation", "gates", name), at_key=True)


@rule("evaluation.gates")
def gates_can_be_met(config: Config) -> Iterator[Finding]:
    """A gate's bound is a number that the metric can reach."""
    for name, bound in config.evaluation.gates.items():
        metric = find_metric(name)
        if metric is not None and (said := _impossible(metric, bound)):
            yield Finding(("evaluation", "gates", name), f"the gate `{name}: {bound}` {said[0]}", said[1])


def _impossible(metric: Metric, bound: str) -> tuple[str, str] | None:
    match = _GATE.fullmatch(bound)
    try:
        operator, number = (match[1], float(match[2])) if match else ("", math.nan)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return "holds no number", f'for example `{metric.name}: ">= 0.9"`'
    low = -math.inf if metric.lowest is None else metric.lowest
    high = math.inf if metric.highest is None else metric.highest
    never = {">=": number > high, ">": number >= high, "<=": number < low, "<": number <= low}[operator]
    if not never:
        return None
    span = f"{metric.name} lies between {low:g} and {high:g}"
    return "can never be met", f"{span}: write a bound within" + (", as a fraction of 1" if high == 1 else "")


def _metric_findings(config: Config, name: str, path: Path, *, at_key: bool = False) -> Iterator[Finding]:
    if config.task not in KINDS_OF_TASK:
        return
    metric, kinds = find_metric(name), KINDS_OF_TASK[config.task]
    if metric is None:
        yield Finding(path, f"there is no metric `{name}`", _metric_suggestion(name, kinds), at_key)
    elif not set(metric.kinds) & set(kinds):
        yield Finding(
            path,
            f"the metric `{name}` judges {' and '.join(metric.kinds)}, and the task is {config.task}",
            f"metrics of {config.task}: {', '.join(_metrics_of(kinds))}",
            at_key,
        )


def _metrics_of(kinds: tuple[str, ...]) -> list[str]:
    found = [metric.name for metric in METRICS.values() if set(metric.kinds) & set(kinds)]
    return found or ["ndcg@10", "ndcg@K for any K from 1"]


def _metric_suggestion(name: str, kinds: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    fitting = _metrics_of(kinds)
    plain = name.lower().replace("-", "_").replace(" ", "_")
    near = [_ALIASES[plain]] if plain in _ALIASES else get_close_matches(plain, fitting, n=1, cutoff=0.6)
    if near and near[0] in fitting:
        return f"did you mean `{near[0]}`?"
    return f"metrics of this task: {', '.join(fitting)}"
