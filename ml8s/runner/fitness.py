"""Whether a config's evaluation fits the target that validate found: known long before anything is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ml8s.artifacts import Json
from ml8s.config.metrics import METRICS, find_metric
from ml8s.config.model import Config
from ml8s.errors import UnsuitableTarget

FACT_KIND: Final = "kind"


def check_evaluation(config: Config, facts: Mapping[str, Json]) -> None:
    """Refuses gates and required metrics that do not judge the kind of target.

    Args:
        config: the resolved config.
        facts: a step's facts; those of validate name the ``kind``: binary, multiclass, …

    Raises:
        UnsuitableTarget: names the first of them, and the metrics that fit.
    """
    kind = facts.get(FACT_KIND)
    named = [(f"evaluation.gates.{name}", name) for name in config.evaluation.gates]
    named += [("evaluation.required", name) for name in config.evaluation.required]
    for where, name in named:
        metric = find_metric(name)
        if metric is None or not isinstance(kind, str) or kind in metric.kinds:
            continue
        fitting = ", ".join(one.name for one in METRICS.values() if kind in one.kinds)
        raise UnsuitableTarget(
            f"`{where}`: the metric {name} judges {' and '.join(metric.kinds)} targets, and "
            f"{config.target_column!r} is {kind}",
            where=where,
            cure=f"use one that fits: {fitting}",
        )
