"""XGBoost members: ``model.ubj``, XGBoost's own binary JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from ml8s.config.metrics import BINARY, MULTICLASS, RANKING
from ml8s.scoring.member import refused
from ml8s.scoring.shape import Floats, Shape, within_float32

FILES: Final = ("model.ubj",)
OBJECTIVES: Final = {BINARY: "binary:logistic", MULTICLASS: "multi:softprob", RANKING: "rank:ndcg"}
OTHER_OBJECTIVE: Final = "reg:squarederror"


class XGBoostMember:
    """A fitted XGBoost booster."""

    family = "xgboost"

    def __init__(self, booster: Any, shape: Shape) -> None:
        self._booster = booster
        self._shape = shape

    def score(self, x: Floats, threads: int = 1) -> Floats:
        """See ``Member.score``; XGBoost computes in float32."""
        if len(x) == 0:
            return self._shape.empty()
        self._booster.set_param({"nthread": threads})
        scores = self._booster.inplace_predict(np.ascontiguousarray(within_float32(x)))
        return np.asarray(scores, dtype=np.float64)

    def write(self, folder: Path) -> None:
        """See ``Member.write``."""
        (folder / FILES[0]).write_bytes(bytes(self._booster.save_raw("ubj")))


def read(folder: Path, shape: Shape) -> XGBoostMember:
    """Opens ``model.ubj``; raises ModelFileRefused where it is not such a file or of another shape."""
    import xgboost

    path = folder / FILES[0]
    data = path.read_bytes()
    objective = OBJECTIVES.get(shape.kind, OTHER_OBJECTIVE)
    if not (data.startswith(b"{") and data.endswith(b"}")) or objective.encode() not in data:
        raise refused(path, f"it is no XGBoost model in UBJSON for a {shape.kind} target")
    try:
        booster = xgboost.Booster()
        booster.load_model(bytearray(data))
        features = booster.num_features()
    except (xgboost.core.XGBoostError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise refused(path, f"XGBoost cannot read it ({reason})") from None
    if features != shape.features:
        raise refused(path, f"it has {features} features, the model {shape.features}")
    return XGBoostMember(booster, shape)
