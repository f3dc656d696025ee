"""Two registered models side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ml8s.artifacts import Json, canonical_json
from ml8s.config.metrics import find_metric
from ml8s.registry.record import Record


@dataclass(frozen=True, slots=True)
class MetricPair:
    """One metric of two models; ``difference`` is the second minus the first, ``better`` says which of them wins."""

    metric: str
    first: float | None
    second: float | None
    difference: float | None
    direction: Literal["higher is better", "lower is better", "unknown"]
    better: Literal["first", "second", "equal", "unknown"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of the config that differs; None where it is the default."""

    field: str
    first: Json
    second: Json


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two models share and where they differ; ``ports`` are those with the same artifact in both."""

    same_content: bool
    same_snapshot: bool
    same_folds: bool
    same_config: bool
    metrics: tuple[MetricPair, ...]
    config: tuple[Difference, ...]
    same_ports: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether both were measured on the same rows: on other rows a difference of metrics says little."""
        return self.same_snapshot and self.same_folds


def compare(first: Record, second: Record) -> Comparison:
    """Compares two records; depends on nothing but them."""
    return Comparison(
        same_content=first.content == second.content,
        same_snapshot=first.content["snapshot"] == second.content["snapshot"],
        same_folds=first.ports.get("folds") is not None and first.ports.get("folds") == second.ports.get("folds"),
        same_config=first.content["config"] == second.content["config"],
        metrics=tuple(
            _pair(name, first.metrics.get(name), second.metrics.get(name))
            for name in sorted({*first.metrics, *second.metrics})
        ),
        config=tuple(_differences(_resolved(first), _resolved(second))),
        same_ports=tuple(sorted(port for port, digest in first.ports.items() if second.ports.get(port) == digest)),
    )


def _pair(name: str, first: float | None, second: float | None) -> MetricPair:
    known = find_metric(name)
    if known is None or first is None or second is None:
        difference = None if first is None or second is None else second - first
        return MetricPair(name, first, second, difference, _direction(name), "unknown")
    gain = (second - first) * (1 if known.greater_is_better else -1)
    better: Literal["first", "second", "equal"] = "equal" if gain == 0 else "second" if gain > 0 else "first"
    return MetricPair(name, first, second, second - first, _direction(name), better)


def _direction(name: str) -> Literal["higher is better", "lower is better", "unknown"]:
    known = find_metric(name)
    if known is None:
        return "unknown"
    return "higher is better" if known.greater_is_better else "lower is better"


def _resolved(record: Record) -> Mapping[str, Json]:
    config = record.envelope.get("resolved_config")
    return dict(_leaves("", config)) if isinstance(config, Mapping) and config else {}


def _leaves(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, item)
    else:
        yield path, value


def _differences(first: Mapping[str, Json], second: Mapping[str, Json]) -> Iterator[Difference]:
    for path in sorted({*first, *second}):
        if canonical_json(first.get(path)) != canonical_json(second.get(path)):
            yield Difference(path, first.get(path), second.get(path))
