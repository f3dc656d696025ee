"""Two registered models side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ml8s.artifacts import Json, canonical_json
from ml8s.config.fields import fields
from ml8s.config.metrics import find_metric
from ml8s.config.show import leaves
from ml8s.registry.record import Record

TestRows: TypeAlias = Literal["same", "others", "unknown"]


@dataclass(frozen=True, slots=True)
class MetricPair:
    """One metric of two models.

    ``difference`` is the second minus the first, ``better`` says which of them wins, and ``decides`` whose gate against
    the baseline it was.
    """

    metric: str
    first: float | None
    second: float | None
    difference: float | None
    direction: Literal["higher is better", "lower is better", "unknown"]
    better: Literal["first", "second", "equal", "unknown"]
    decides: Literal["both", "first", "second", "neither"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of the config that differs; None where it is the default, which this version knows as ``default``."""

    field: str
    first: Json
    second: Json
    default: Json


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two models share and where they differ.

    ``test_rows`` says whether both were measured on the same rows, ``same_ports`` where both have the same artifact.
    """

    same_content: bool
    same_snapshot: bool
    test_rows: TestRows
    same_config: bool
    metrics: tuple[MetricPair, ...]
    config: tuple[Difference, ...]
    same_ports: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether both were measured on the same rows: on other rows a difference of metrics says little."""
        return self.same_snapshot and self.test_rows == "same"


def compare(first: Record, second: Record, test_rows: TestRows) -> Comparison:
    """Compares two records, of which ``measured_rows`` told whether their test rows are the same."""
    deciding = (first.envelope.get("metric"), second.envelope.get("metric"))
    return Comparison(
        same_content=first.content == second.content,
        same_snapshot=first.content["snapshot"] == second.content["snapshot"],
        test_rows=test_rows,
        same_config=first.content["config"] == second.content["config"],
        metrics=tuple(
            _pair(name, first.metrics.get(name), second.metrics.get(name), deciding)
            for name in sorted({*first.metrics, *second.metrics})
        ),
        config=tuple(_differences(_resolved(first), _resolved(second))),
        same_ports=tuple(sorted(port for port, digest in first.ports.items() if second.ports.get(port) == digest)),
    )


def _pair(name: str, first: float | None, second: float | None, deciding: tuple[Json, Json]) -> MetricPair:
    decides = _DECIDES[deciding[0] == name, deciding[1] == name]
    difference = None if first is None or second is None else second - first
    return MetricPair(name, first, second, difference, _direction(name), _better(name, difference), decides)


_DECIDES: Final[Mapping[tuple[bool, bool], Literal["both", "first", "second", "neither"]]] = {
    (True, True): "both",
    (True, False): "first",
    (False, True): "second",
    (False, False): "neither",
}


def _better(name: str, difference: float | None) -> Literal["first", "second", "equal", "unknown"]:
    known = find_metric(name)
    if known is None or difference is None:
        return "unknown"
    gain = difference * (1 if known.greater_is_better else -1)
    return "equal" if gain == 0 else "second" if gain > 0 else "first"


def _direction(name: str) -> Literal["higher is better", "lower is better", "unknown"]:
    known = find_metric(name)
    if known is None:
        return "unknown"
    return "higher is better" if known.greater_is_better else "lower is better"


def _resolved(record: Record) -> Mapping[str, Json]:
    config = record.envelope.get("resolved_config")
    return dict(leaves(config)) if isinstance(config, Mapping) and config else {}


def _differences(first: Mapping[str, Json], second: Mapping[str, Json]) -> Iterator[Difference]:
    known = fields()
    for path in sorted({*first, *second}):
        if canonical_json(first.get(path)) != canonical_json(second.get(path)):
            default = known[path].default if path in known else None
            yield Difference(path, first.get(path), second.get(path), default)
