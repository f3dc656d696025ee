"""All metrics of a kind of task at once; one that cannot be computed keeps the reason instead of a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ml8s.config.metrics import METRICS, RANKING, find_metric
from ml8s.evaluation.metrics import Sample, UndefinedMetric, compute_sample

RANKING_METRICS: Final = ("ndcg@1", "ndcg@5", "ndcg@10")


@dataclass(frozen=True, slots=True)
class Measured:
    """The metrics of some rows: finite values, and for the others the reason why there is none."""

    values: Mapping[str, float]
    undefined: Mapping[str, str]

    def value(self, name: str) -> float | None:
        """One metric's value, or None."""
        return self.values.get(name)


def metric_names(kind: str, asked: Iterable[str] = ()) -> tuple[str, ...]:
    """The metrics that a report shows: first those asked for, then all others of the kind of task, each once."""
    usual = RANKING_METRICS if kind == RANKING else tuple(n for n, m in METRICS.items() if kind in m.kinds)
    return tuple(dict.fromkeys((*asked, *usual)))


def measure(names: Iterable[str], kind: str, sample: Sample) -> Measured:
    """Computes each metric.

    Args:
        names: metrics of ``ml8s.config.metrics``; others, and those of another kind of task, are undefined.
        kind: binary, multiclass, regression or ranking.
        sample: the rows.
    """
    values: dict[str, float] = {}
    undefined: dict[str, str] = {}
    for name in names:
        metric = find_metric(name)
        if metric is None:
            undefined[name] = "there is no metric of this name"
        elif kind not in metric.kinds:
            undefined[name] = f"it judges {' and '.join(metric.kinds)} tasks and this one is {kind}"
        else:
            try:
                values[name] = compute_sample(name, sample)
            except UndefinedMetric as reason:
                undefined[name] = str(reason)
    return Measured(values, undefined)
