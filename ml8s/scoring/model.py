"""A model folder: ``model.json`` and its members, read and scored.

What it depends on: the bytes of the folder. The same rows give the same bytes in any process under the environment
pin, alone or in a batch, for any number of threads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ml8s.artifacts import Json
from ml8s.config.metrics import BINARY, FORECASTING, MULTICLASS, RANKING, REGRESSION
from ml8s.errors import ModelFileRefused
from ml8s.scoring.calibration import Calibration, read_calibration
from ml8s.scoring.member import FAMILIES, Member, load_member
from ml8s.scoring.refusal import refused
from ml8s.scoring.shape import Floats, Shape

SCHEMA: Final = 1
FILE: Final = "model.json"
MEMBERS: Final = "members"
_LARGEST_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class WeightedMember:
    """A member with its share of the model's score (the shares of all sum to 1)."""

    estimator: str
    weight: float
    configuration: Mapping[str, Json]
    member: Member


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can score.

    Attributes:
        kind: binary, multiclass, regression, ranking or forecasting.
        metric: the metric that it was chosen by.
        target: the target as dataset.json describes it: column, type, classes, positive.
        features: the names of the columns of the matrix that it scores, in order.
        refit: the rows that it was fitted on: ``fit`` or ``fit+tune``.
        members: its members in the order of their estimators in the config.
        calibration: maps from its members' mean to the score, or None.
        threshold: from which score on a binary prediction is the positive class; None for other kinds.
        inputs: the digests of the artifacts that it was made from.
        unit: the feature that its members score in units of; None where they score the target itself.
    """

    kind: str
    metric: str
    target: Mapping[str, Json]
    features: tuple[str, ...]
    refit: str
    members: tuple[WeightedMember, ...]
    calibration: Calibration | None
    threshold: float | None
    inputs: Mapping[str, Json]
    unit: str | None = None

    def score(self, x: Floats, threads: int = 1) -> Floats:
        """Scores of rows.

        Args:
            x: float64 [n, features], as ``ml8s.features.apply`` makes it; NaN for null.
            threads: how many threads it may use; no result depends on it.

        Returns:
            float64 [n]: P(positive class) for binary, the value for regression, ranking and forecasting;
            [n, classes] for multiclass, classes as in the target.

        Raises:
            ValueError: x does not have the shape [n, features].
        """
        x = np.asarray(x, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != len(self.features):
            raise ValueError(f"the matrix has the shape {x.shape}, the model {len(self.features)} features")
        scores = mean_score([(one.weight, one.member) for one in self.members], x, threads)
        if self.unit is not None:
            scores = scores * x[:, self.features.index(self.unit)]
        return scores if self.calibration is None else self.calibration.apply(scores)


def mean_score(members: Sequence[tuple[float, Member]], x: Floats, threads: int = 1) -> Floats:
    """The weighted mean of members' scores, added in their order; one member's scores are taken as they are."""
    if len(members) == 1:
        return members[0][1].score(x, threads)
    total = members[0][0] * members[0][1].score(x, threads)
    for weight, member in members[1:]:
        total = total + weight * member.score(x, threads)
    return total


def load_model(folder: Path) -> Model:
    """Opens a model folder.

    Raises:
        ModelFileRefused: ``model.json`` or a member is missing, damaged, or no format that ML8s writes.
    """
    path = folder / FILE
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise refused(path, "it is larger than any model.json")
        value = json.loads(path.read_bytes())
        return _parse(folder, value)
    except OSError as error:
        raise refused(path, f"it cannot be read ({error.strerror})") from None
    except ModelFileRefused:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise refused(path, f"it is damaged ({type(error).__name__}: {error})") from None


def _parse(folder: Path, value: Mapping[str, Json]) -> Model:
    if value.get("schema") != SCHEMA:
        raise ValueError(f"schema {value.get('schema')!r} is unknown")
    kind = value["kind"]
    target = value["target"]
    features = value["features"]
    if kind not in (BINARY, MULTICLASS, REGRESSION, RANKING, FORECASTING) or not isinstance(target, dict):
        raise ValueError("kind or target are unknown")
    if not isinstance(features, list) or not all(isinstance(name, str) for name in features):
        raise ValueError("features must be names")
    shape = Shape(str(kind), len(target["classes"] or ()), len(features))
    _check_target(str(kind), target)
    threshold, unit = value["threshold"], value.get("unit")
    if unit is not None and unit not in features:
        raise ValueError(f"its unit {unit!r} is none of its features")
    return Model(
        kind=shape.kind,
        metric=str(value["metric"]),
        target=target,
        features=tuple(features),
        refit=str(value["refit"]),
        members=_members(folder, value["members"], shape),
        calibration=read_calibration(value["calibration"], shape.classes if kind == MULTICLASS else 1),
        threshold=None if threshold is None else float(threshold),  # type: ignore[arg-type]
        inputs=value["inputs"],  # type: ignore[arg-type]
        unit=None if unit is None else str(unit),
    )


def _check_target(kind: str, target: Mapping[str, Json]) -> None:
    classes, positive = target["classes"], target["positive"]
    if kind not in (BINARY, MULTICLASS):
        return
    if not isinstance(classes, list) or len(classes) < 2 or (kind == BINARY and len(classes) != 2):
        raise ValueError(f"{classes!r} are not the classes of a {kind} model")
    if kind == BINARY and (isinstance(positive, bool) or positive not in (0, 1)):
        raise ValueError(f"{positive!r} is not the index of the positive class")


def _members(folder: Path, items: Json, shape: Shape) -> tuple[WeightedMember, ...]:
    if not isinstance(items, list) or not items:
        raise ValueError("it has no members")
    names = [item["estimator"] for item in items]
    found = sorted(path.name for path in (folder / MEMBERS).iterdir())
    if found != sorted(names):
        raise ValueError(f"its members are {', '.join(sorted(names))}, its folder holds {', '.join(found)}")
    members = []
    for item in items:
        estimator, family = item["estimator"], item["family"]
        if FAMILIES.get(estimator) != family:
            raise ValueError(f"{family!r} is no family of {estimator!r}")
        member = load_member(folder / MEMBERS / estimator, family, item["files"], shape)
        members.append(WeightedMember(estimator, float(item["weight"]), item["configuration"], member))
    return tuple(members)
