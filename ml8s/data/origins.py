"""The origin of each row's forecast: how many periods before the row the forecast of it is made.

Test and tune rows are forecast as in use: from the period before the fold, then again every horizon. So each row is
forecast once, from 1 to ``horizon`` periods ahead. A fit row gets its distance by a hash of its series and time, so
that no distance goes with an hour or weekday, and no other row moves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ml8s.data.folds import DROPPED, FIT, TEST, TUNE
from ml8s.data.hashing import Words, hash_rows, key_words
from ml8s.data.series import Series
from ml8s.errors import FoldsImpossible

Integers: TypeAlias = npt.NDArray[np.int64]

STEP_KEY: Final = "ml8s steps ahead of a row, seed {seed}"


@dataclass(frozen=True, slots=True)
class OriginFolds:
    """Folds by period of forecast.

    Attributes:
        folds: int8 [rows].
        steps: int32 [rows], how many periods before the row its origin is, at least 1.
        tune_from: the first period of tune.
        test_from: the first period of test.
        new: rows dropped because their series begins after the origin: there was nothing to forecast from.
    """

    folds: npt.NDArray[np.int8]
    steps: npt.NDArray[np.int32]
    tune_from: int
    test_from: int
    new: int


def whole_horizons(periods: int, share: float, horizon: int) -> int:
    """The periods of a fold: the whole horizons nearest to a share of all, at least one."""
    return max(1, round(periods * share / horizon)) * horizon


def origin_folds(
    series: Series, horizon: int, test: float, tune: float, *, test_from: int | None, seed: int
) -> OriginFolds:
    """Cuts series into fit, tune and test, the latter two in whole horizons before the last period.

    Args:
        series: all rows.
        horizon: periods.
        test: share of periods for test.
        tune: share of the others for tune.
        test_from: the first period of validation.parquet where there is one; ``test`` then plays no part.
        seed: of the distance of fit rows.

    Raises:
        FoldsImpossible: the history is too short for a horizon in each fold.
    """
    first, last = int(series.period.min()), series.last
    if test_from is None:
        test_from = last + 1 - whole_horizons(last + 1 - first, test, horizon)
    tune_from = test_from - whole_horizons(test_from - first, tune, horizon)
    if tune_from - first <= horizon:
        raise FoldsImpossible(
            f"{last + 1 - first:,} periods cannot be cut into fit, tune and test with a horizon of {horizon:,}: each "
            "takes at least a horizon",
            where="forecasting.horizon",
            cure=f"publish more history, at least {3 * horizon + 1:,} periods, or shorten the horizon",
        )
    folds = np.full(len(series.period), FIT, dtype=np.int8)
    folds[series.period >= tune_from] = TUNE
    folds[series.period >= test_from] = TEST
    begin = np.where(folds == TEST, test_from, tune_from)
    rolled = (series.period - begin) % horizon + 1
    hashed = (_hashes(series, seed) % np.uint64(horizon)).astype(np.int64) + 1
    steps = np.where(folds == FIT, hashed, rolled)
    unknown = series.period - steps < series.first[series.code]
    folds[unknown] = DROPPED
    return OriginFolds(folds, steps.astype(np.int32), tune_from, test_from, int(unknown.sum()))


def _hashes(series: Series, seed: int) -> Words:
    """A hash of each row's series and time, whatever other series and times there are."""
    by_series = np.array([key_words("\x1f".join(map(str, name)))[0] for name in series.names], dtype=np.uint64)
    times = series.calendar.times(series.period).view(np.uint64)
    return hash_rows([by_series[series.code], times.copy()], STEP_KEY.format(seed=seed))
