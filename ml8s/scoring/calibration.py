"""Calibration: a map from a model's probability to one that tells how often the class occurs.

``sigmoid`` is 1 / (1 + exp(-(slope * logit(p) + intercept))) (Platt 1999, on log-odds); ``isotonic`` interpolates
between knots that never fall. For several classes each has a map of its own and the results are scaled to sum to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml8s.artifacts import Json
from ml8s.scoring.linear import logistic
from ml8s.scoring.shape import Floats

# log-odds of probabilities nearer to 0 or 1 than this are not told apart.
SMALLEST: Final = 1e-15


def log_odds(p: Floats) -> Floats:
    """log(p / (1 - p)) of probabilities, those at the ends brought within 1e-15."""
    bounded = np.clip(p, SMALLEST, 1.0 - SMALLEST)
    return np.asarray(np.log(bounded / (1.0 - bounded)))


@dataclass(frozen=True, slots=True)
class SigmoidMap:
    """P = logistic(slope * log_odds(p) + intercept)."""

    slope: float
    intercept: float

    def __call__(self, p: Floats) -> Floats:
        """Calibrated probabilities [n]."""
        return logistic(self.slope * log_odds(p) + self.intercept)

    def to_json(self) -> dict[str, Json]:
        """The map as JSON."""
        return {"slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True, slots=True)
class IsotonicMap:
    """Straight lines between knots (x rising, y never falling), level beyond the ends."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __call__(self, p: Floats) -> Floats:
        """Calibrated probabilities [n]."""
        return np.asarray(np.interp(p, np.array(self.x), np.array(self.y)))

    def to_json(self) -> dict[str, Json]:
        """The map as JSON."""
        return {"x": list(self.x), "y": list(self.y)}


CalibrationMap = SigmoidMap | IsotonicMap


@dataclass(frozen=True, slots=True)
class Calibration:
    """One map for a binary score, or one map per class."""

    method: str
    maps: tuple[CalibrationMap, ...]

    def apply(self, scores: Floats) -> Floats:
        """Calibrated probabilities, in the shape of ``scores``: [n] or [n, classes]."""
        if scores.ndim == 1:
            return self.maps[0](scores)
        columns = [one(scores[:, index]) for index, one in enumerate(self.maps)]
        total = columns[0].copy()
        for column in columns[1:]:
            total += column
        # Where every map says zero, nothing is known but the uncalibrated probabilities.
        known = total > 0
        return np.stack(
            [np.where(known, c / np.where(known, total, 1.0), scores[:, i]) for i, c in enumerate(columns)], axis=1
        )

    def to_json(self) -> dict[str, Json]:
        """The calibration as it stands in model.json."""
        return {"method": self.method, "maps": [one.to_json() for one in self.maps]}


def read_calibration(value: object, maps: int) -> Calibration | None:
    """Reads a calibration from model.json; ``maps`` is how many it must hold.

    Raises:
        ValueError: not a calibration of a known method, a wrong number of maps, or knots out of order.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping) or value.get("method") not in ("sigmoid", "isotonic"):
        raise ValueError("its calibration is none that ML8s knows")
    items = value.get("maps")
    if not isinstance(items, Sequence) or len(items) != maps:
        raise ValueError(f"its calibration must hold {maps} map(s)")
    return Calibration(str(value["method"]), tuple(_read_map(str(value["method"]), item) for item in items))


def _read_map(method: str, item: Mapping[str, object]) -> CalibrationMap:
    try:
        if method == "sigmoid":
            return SigmoidMap(_number(item["slope"]), _number(item["intercept"]))
        x, y = (tuple(_number(v) for v in _sequence(item[axis])) for axis in ("x", "y"))
    except (KeyError, TypeError):
        raise ValueError("its calibration is damaged") from None
    if not x or len(x) != len(y) or not (np.diff(x) > 0).all() or not (np.diff(y) >= 0).all():
        raise ValueError("the knots of its calibration are out of order")
    return IsotonicMap(x, y)


def _sequence(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)
