"""From source columns to the float64 matrix, by the feature manifest: the only implementation of the transforms.

Training, evaluation, ``predict`` and the server all call this. Each value is a function of its own row and the
manifest only, by operations that IEEE 754 rounds exactly, so a row alone and the row in a batch give the same bits on
every CPU. Needs numpy and nothing else.

Source columns are arrays of one length: float64 with NaN for null (number, integer, boolean), objects of str or None
(string), int64 microseconds since 1970 UTC with the smallest int64 for null (time, date).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ml8s.features.manifest import Feature, FeatureManifest

Floats: TypeAlias = NDArray[np.float64]
Columns: TypeAlias = Mapping[str, NDArray[Any]]

NULL_TIME: Final = int(np.iinfo(np.int64).min)
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
MINUTES_OF_DAY: Final = 1440

# Twelve decimals are the same on every CPU, whichever variant of sin the C library picks.
_TURNS = [2 * math.pi * minute / MINUTES_OF_DAY for minute in range(MINUTES_OF_DAY)]
_SIN: Final = np.array([round(math.sin(turn), 12) for turn in _TURNS])
_COS: Final = np.array([round(math.cos(turn), 12) for turn in _TURNS])


def apply(manifest: FeatureManifest, columns: Columns) -> Floats:
    """The matrix of some rows.

    Args:
        manifest: what ``learn`` learned on the fit rows.
        columns: every column that ``manifest.columns`` names, each of n rows.

    Returns:
        float64 [n, features], C order; NaN for nulls, never an infinity.

    Raises:
        KeyError: a column that the manifest names is missing.
    """
    rows = len(columns[manifest.columns[0].name]) if manifest.columns else 0
    matrix = np.empty((rows, len(manifest.features)), dtype=np.float64)
    for index, feature in enumerate(manifest.features):
        matrix[:, index] = feature_values(feature, columns)
    return matrix


def feature_values(feature: Feature, columns: Columns) -> Floats:
    """One feature of some rows: float64 [n], NaN for nulls."""
    return TRANSFORMS[feature.transform](feature, columns)


def nulls(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows of a source column are null; an infinity counts as null."""
    if values.dtype == object:
        return np.fromiter((value is None for value in values), dtype=np.bool_, count=len(values))
    null: NDArray[np.bool_] = values == NULL_TIME if values.dtype == np.int64 else ~np.isfinite(values)
    return null


def _number(feature: Feature, columns: Columns) -> Floats:
    return _finite(columns[feature.source[0]])


def _is_null(feature: Feature, columns: Columns) -> Floats:
    return nulls(columns[feature.source[0]]).astype(np.float64)


def _category(feature: Feature, columns: Columns) -> Floats:
    values = columns[feature.source[0]]
    code_of, first, buckets = feature.code_of, len(feature.categories), feature.buckets

    def code(value: str | None) -> float:
        if value is None:
            return math.nan
        known = code_of.get(value)
        if known is not None:
            return known
        return float(first + hash_bucket(value, buckets)) if buckets else float(first)

    return np.fromiter(map(code, values), dtype=np.float64, count=len(values))


def hash_bucket(value: str, buckets: int) -> int:
    """The bucket of a text, 0 to ``buckets`` - 1: the CRC-32 of its UTF-8 bytes, modulo."""
    return crc32(value.encode("utf-8", "surrogatepass")) % buckets


def _frequency(feature: Feature, columns: Columns) -> Floats:
    values, share_of = columns[feature.source[0]], feature.share_of
    shares = (math.nan if value is None else share_of.get(value, 0.0) for value in values)
    return np.fromiter(shares, dtype=np.float64, count=len(values))


def _time_part(feature: Feature, columns: Columns) -> Floats:
    values = columns[feature.source[0]]
    null = values == NULL_TIME
    part = PARTS[feature.part](np.where(null, 0, values))
    return np.where(null, np.nan, part)


def _days_before(feature: Feature, columns: Columns) -> Floats:
    """Days from a time column to the row's time; 1,000 years are 3e16 microseconds, which int64 holds."""
    values, at = columns[feature.source[0]], columns[feature.source[1]]
    null = (values == NULL_TIME) | (at == NULL_TIME)
    return np.where(null, np.nan, (np.where(null, 0, at) - np.where(null, 0, values)) / float(DAY))


def _ratio(feature: Feature, columns: Columns) -> Floats:
    """A value over another; null where one is null or the lower one is zero."""
    above, below = (_finite(columns[name]) for name in feature.source)
    usable = ~np.isnan(above) & ~np.isnan(below) & (below != 0.0)
    ratio = np.full(len(above), np.nan)
    np.divide(above, below, out=ratio, where=usable)
    return _finite(ratio)


def _difference(feature: Feature, columns: Columns) -> Floats:
    first, second = (_finite(columns[name]) for name in feature.source)
    return _finite(first - second)


def _finite(values: NDArray[Any]) -> Floats:
    # Adding zero turns -0.0 into 0.0, so that equal numbers have equal bits.
    return np.where(np.isfinite(values), values + 0.0, np.nan)


def _month(values: NDArray[np.int64]) -> NDArray[np.int64]:
    months: NDArray[np.int64] = (values // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months % 12 + 1


def _day_of_month(values: NDArray[np.int64]) -> NDArray[np.int64]:
    days = (values // DAY).astype("datetime64[D]")
    elapsed: NDArray[np.int64] = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    return elapsed + 1


PARTS: Final[Mapping[str, Callable[[NDArray[np.int64]], NDArray[Any]]]] = {
    "hour": lambda values: values // HOUR % 24,
    "minute_sin": lambda values: _SIN[values // MINUTE % MINUTES_OF_DAY],
    "minute_cos": lambda values: _COS[values // MINUTE % MINUTES_OF_DAY],
    # 1 January 1970 was a Thursday; Monday is 0.
    "weekday": lambda values: (values // DAY + 3) % 7,
    "day": _day_of_month,
    "month": _month,
}

TRANSFORMS: Final[Mapping[str, Callable[[Feature, Columns], Floats]]] = {
    "number": _number,
    "is_null": _is_null,
    "category": _category,
    "frequency": _frequency,
    "time_part": _time_part,
    "days_before": _days_before,
    "ratio": _ratio,
    "difference": _difference,
}
