"""Small random histories for the tests of the as-of engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ml8s.features.asof.feature import INNER, OUTER, PRIMITIVES, WITHOUT_COLUMN, AsOfFeature, Child
from ml8s.features.asof.rows import Events, Floats, Queries

HOUR = 3_600_000_000
DAY = 24 * HOUR
CUSTOMER, REGION, TERMINAL = ("customer",), ("region",), ("terminal",)
WINDOWS = (None, 2 * HOUR, DAY, 7 * DAY)


def feature(
    primitive: str, window: int | None = None, *, entity: tuple[str, ...] = CUSTOMER, column: str = "amount"
) -> AsOfFeature:
    """One feature of depth 1, named after what it is."""
    base = None if primitive in WITHOUT_COLUMN else column
    return AsOfFeature(f"{primitive}({entity}, {column}, {window})", entity, primitive, base, window)


def of_children(outer: str, inner: str, window: int | None = None, column: str = "amount") -> AsOfFeature:
    """One feature of depth 2: over the customers of a region."""
    base = None if inner in WITHOUT_COLUMN else column
    name = f"{outer}({inner}({column}), {window})"
    return AsOfFeature(name, REGION, outer, base, window, child=Child(CUSTOMER, inner))


EVERY = tuple(
    feature(primitive, window, entity=entity, column=column)
    for primitive in PRIMITIVES
    for window in WINDOWS
    for entity in (CUSTOMER, TERMINAL)
    for column in ("amount", "flag")
    if not (primitive in WITHOUT_COLUMN and column == "flag")
)
EVERY_STACKED = tuple(
    of_children(outer, inner, window) for outer in OUTER for inner in INNER for window in (None, DAY, 7 * DAY)
)
DELAYED = tuple(
    replace(feature(primitive, window, entity=TERMINAL, column="flag"), delay=DAY, name=f"{primitive} {window} late")
    for primitive in ("count", "mean", "sum", "last", "num_unique", "time_since_last")
    for window in (None, DAY)
)
ALL = (*EVERY, *EVERY_STACKED, *DELAYED)


def history(rows: int, seed: int = 0, *, customers: int = 7, days: int = 20) -> Events:
    """A realistic history: nulls, ties in time, keys of very different sizes, a customer belongs to one region."""
    random = np.random.default_rng(seed)
    customer = (random.random(rows) ** 2 * customers).astype(np.int64)
    hours = random.integers(0, days * 24, rows)
    time = 1_700_006_400_000_000 + hours * HOUR + np.where(random.random(rows) < 0.5, 0, random.integers(0, HOUR, rows))
    amount = np.round(random.lognormal(3, 1.5, rows), 2)
    return Events(
        keys={
            CUSTOMER: customer,
            REGION: customer % 3,
            TERMINAL: np.where(random.random(rows) < 0.05, -1, random.integers(0, max(customers // 2, 2), rows)),
        },
        time=time,
        columns={
            "amount": np.where(random.random(rows) < 0.1, np.nan, amount),
            "flag": np.where(random.random(rows) < 0.1, np.nan, (random.random(rows) < 0.3).astype(np.float64)),
        },
        identity=random.permutation(rows),
    )


_VALUES = (
    st.sampled_from([0.0, -0.0, 1.0, 1.0, 2.5, 0.1, float("nan"), float("nan")])
    | st.integers(-(2**60), 2**60).map(float)
    | st.floats(-1e6, 1e6)
)
_WILD = _VALUES | st.floats(width=64) | st.sampled_from([1e300, -1e300, 1e-300, float("inf"), float("-inf")])


@st.composite
def histories(draw: st.DrawFn, *, wild: bool = False, most: int = 14) -> Events:
    """Any few rows: many ties in time, few keys, null keys; ``wild`` adds infinities and any float64."""
    rows = draw(st.integers(1, most))
    hours = hnp.arrays(np.int64, rows, elements=st.integers(0, 60) | st.sampled_from([0, 24, 48]))
    values = hnp.arrays(np.float64, rows, elements=_WILD if wild else _VALUES)
    customer = draw(hnp.arrays(np.int64, rows, elements=st.integers(-1, 3)))
    return Events(
        keys={
            CUSTOMER: customer,
            REGION: np.where(customer < 0, -1, customer % 2),
            TERMINAL: draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 2))),
        },
        time=1_700_006_400_000_000 + draw(hours) * HOUR,
        columns={
            "amount": draw(values),
            "flag": draw(hnp.arrays(np.float64, rows, elements=st.sampled_from([0.0, 1.0, float("nan")]))),
        },
        identity=np.arange(rows),
    )


def asking(events: Events) -> Queries:
    """Every event asks."""
    return Queries(events.keys, events.time)


def taken(events: Events, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Events:
    """Some rows of a history, in the order given."""
    identity = np.arange(len(events)) if events.identity is None else events.identity
    return Events(
        keys={entity: codes[rows] for entity, codes in events.keys.items()},
        time=events.time[rows],
        columns={name: values[rows] for name, values in events.columns.items()},
        identity=identity[rows],
    )


def bits(values: Floats) -> NDArray[np.uint64]:
    """The bits of a matrix, for comparisons to the bit."""
    return np.ascontiguousarray(values).view(np.uint64)
