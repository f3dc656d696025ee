"""How a trial is judged: the config's metric on the tune rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ml8s.config.metrics import Metric, find_metric
from ml8s.evaluation.metrics import UndefinedMetric, compute
from ml8s.scoring.shape import Floats
from ml8s.search.rows import Rows


@dataclass(frozen=True, slots=True)
class Judge:
    """The metric of scores on the tune rows."""

    metric: Metric
    tune: Rows

    @classmethod
    def of(cls, name: str, tune: Rows) -> Judge:
        """The judge of a metric by its name; KeyError where there is none."""
        metric = find_metric(name)
        if metric is None:
            raise KeyError(name)
        return cls(metric, tune)

    def value(self, scores: Floats) -> float:
        """The metric's value; raises UndefinedMetric where the tune rows or the scores do not determine it."""
        tune = self.tune
        value = compute(
            self.metric.name,
            tune.y,
            scores,
            weight=tune.weight,
            group=tune.group,
            series=tune.series,
            scale=tune.scale,
        )
        if not math.isfinite(value):
            raise UndefinedMetric(f"{self.metric.name} is {value}")
        return value

    def loss(self, value: float) -> float:
        """What a search makes small."""
        return -value if self.metric.greater_is_better else value

    def better(self, one: float, other: float) -> bool:
        """Whether one value is better than the other."""
        return self.loss(one) < self.loss(other)
