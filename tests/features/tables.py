"""Small tables of source columns for the tests of features."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ml8s.features.apply import NULL_TIME
from ml8s.features.learn import Source, learn
from ml8s.features.manifest import FeatureManifest

Columns = dict[str, NDArray[Any]]

SOURCES = (
    Source("at", "time"),
    Source("amount", "number"),
    Source("items", "integer"),
    Source("member", "boolean"),
    Source("country", "string"),
    Source("merchant", "string"),
    Source("born", "date"),
)


def manifest_of(
    columns: Columns, sources: tuple[Source, ...] = SOURCES, *, time: str | None = "at", max_features: int = 500
) -> FeatureManifest:
    """The manifest learned with all rows as fit."""
    learned = learn(sources, columns.__getitem__, time=time, max_features=max_features)
    return FeatureManifest(
        inputs={},
        kind="binary",
        target={},
        columns=learned.columns,
        ignored=(),
        features=learned.features,
        dropped=learned.dropped,
    )


def texts(values: list[str | None]) -> NDArray[np.object_]:
    """An object array of texts."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def realistic(rows: int, seed: int = 0) -> Columns:
    """Columns of every type, with nulls, 700 merchants and a little over two years of time."""
    random = np.random.default_rng(seed)
    day = 86_400_000_000
    return {
        "at": 1_700_000_000_000_000 + random.integers(0, 800 * day, rows),
        "amount": np.where(random.random(rows) < 0.1, np.nan, random.lognormal(3, 1, rows)),
        "items": random.integers(1, 9, rows).astype(np.float64),
        "member": np.where(random.random(rows) < 0.2, np.nan, random.integers(0, 2, rows).astype(np.float64)),
        "country": texts([("nl", "de", "fr", None)[i] for i in random.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])]),
        "merchant": texts([f"m{i}" for i in (random.random(rows) ** 2 * 700).astype(int)]),
        "born": np.where(random.random(rows) < 0.1, NULL_TIME, random.integers(-9_000, 9_000, rows) * day),
    }


_TIMES = st.integers(-(2**55), 2**55) | st.just(NULL_TIME)
_TEXTS = st.sampled_from(["nl", "de", "fr", "", "ß", "m1", "m2", "m650"]) | st.text(max_size=5) | st.none()
_FLOATS = st.floats(width=64) | st.sampled_from([-0.0, 0.0, float("nan"), float("inf"), 1e300])


@st.composite
def any_rows(draw: st.DrawFn) -> Columns:
    """Rows of any values that the types allow, infinite numbers, times long ago and unknown categories included."""
    rows = draw(st.integers(1, 12))
    times = hnp.arrays(np.int64, rows, elements=_TIMES)
    floats = hnp.arrays(np.float64, rows, elements=_FLOATS)
    return {
        "at": draw(times),
        "amount": draw(floats),
        "items": draw(floats),
        "member": draw(floats),
        "country": texts(draw(st.lists(_TEXTS, min_size=rows, max_size=rows))),
        "merchant": texts(draw(st.lists(_TEXTS, min_size=rows, max_size=rows))),
        "born": draw(times),
    }
