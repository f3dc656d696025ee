"""XGBoost members: ``model.ubj``, XGBoost's own binary JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ml8s.scoring.refusal import refused
from ml8s.scoring.shape import Floats, Shape, within_float32
from ml8s.scoring.xgboost_trees import check_model

if TYPE_CHECKING:
    import xgboost

FILES: Final = ("model.ubj",)


class XGBoostMember:
    """A fitted XGBoost booster."""

    family = "xgboost"

    def __init__(self, booster: xgboost.Booster, shape: Shape) -> None:
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
    try:
        check_model(data, shape)
    except ValueError as error:
        raise refused(path, str(error)) from None
    try:
        booster = xgboost.Booster()
        booster.load_model(bytearray(data))
    except (xgboost.core.XGBoostError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise refused(path, f"XGBoost cannot read it ({reason})") from None
    return XGBoostMember(booster, shape)
