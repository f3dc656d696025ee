"""Units that shops sell of each product a day: weeks, seasons, holidays, promotions, trends, and slow movers.

Prices, promotions and holidays are known in advance. Visitors of a shop are counted during the day: a forecast may
see those up to its origin only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.examples.snapshot import fields, write_snapshot

ROWS: Final = 60_000
SEED: Final = 29
HORIZON: Final = 28
LAST_DAY: Final = (date(2025, 12, 31) - date(1970, 1, 1)).days
DAYS_OF_A_SERIES: Final = 700
FEWEST_SERIES: Final = 4
MOST_SERIES: Final = 60

STORES: Final = ("north", "south", "station", "harbour", "market", "outlet")
# Product -> category, units a day in a middling shop, price, and how much more is sold in the middle of summer.
PRODUCTS: Final = (
    ("cola", "drinks", 34.0, 1.5, 0.35),
    ("water", "drinks", 46.0, 0.8, 0.45),
    ("crisps", "snacks", 22.0, 2.2, 0.1),
    ("chocolate", "snacks", 18.0, 1.9, -0.3),
    ("bread", "staples", 40.0, 2.4, 0.0),
    ("milk", "staples", 38.0, 1.2, 0.0),
    ("ice cream", "seasonal", 14.0, 3.5, 0.9),
    ("tea", "drinks", 9.0, 2.9, -0.4),
    ("batteries", "household", 1.1, 6.5, 0.0),
    ("umbrella", "household", 0.5, 12.0, -0.2),
)
# Share of a mean day, Monday to Sunday, where people shop on the way home and where they come at the weekend.
WEEK_AT_WORK: Final = (1.08, 1.05, 1.06, 1.1, 1.2, 0.86, 0.65)
WEEK_AT_HOME: Final = (0.82, 0.8, 0.84, 0.92, 1.12, 1.42, 1.08)
HOLIDAYS: Final = ((1, 1), (5, 1), (10, 3), (12, 24), (12, 25), (12, 26), (12, 31))

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Shop:
    """What all series of a shop share, by day: how many people come, and how busy the day is."""

    visitors: Ints
    busy: Floats


def publish(folder: Path, rows: int = ROWS, seed: int = SEED) -> pa.Table:
    """Writes the snapshot, one row for each day of each product in each shop, and returns the rows.

    Args:
        folder: where; it must hold no snapshot yet.
        rows: rows, at least 500; they make up to 60 series that all end on one day, some begun later than others.
        seed: other seeds give other sales.
    """
    sales = _sales(np.random.default_rng(seed), rows)
    write_snapshot(folder, {"train": sales}, _schema(sales))
    return sales


def write_plan(snapshot: Path, plan: Path, days: int = HORIZON) -> None:
    """Writes a CSV of what is known in advance of the days after a snapshot: usual prices, holidays, no promotion.

    A row for each series and day, which ``ml8s predict MODEL -f PLAN`` reads.
    """
    sales = pq.read_table(snapshot / "train.parquet", columns=["date", "store", "product", "price", "promotion"])
    last = {(row["store"], row["product"]): row for row in sales.to_pylist()}
    lines = ["date,store,product,price,promotion,holiday"]
    for (store, product), row in sorted(last.items()):
        usual = row["price"] / (0.8 if row["promotion"] else 1.0)
        for ahead in range(1, days + 1):
            day = row["date"] + timedelta(days=ahead)
            holiday = (day.month, day.day) in HOLIDAYS
            lines.append(f"{day},{store},{product},{usual:.2f},false,{str(holiday).lower()}")
    plan.write_text("\n".join(lines) + "\n")


def _sales(random: np.random.Generator, rows: int) -> pa.Table:
    lengths = _lengths(random, rows)
    days = np.arange(LAST_DAY + 1 - int(lengths.max()), LAST_DAY + 1)
    holiday = _holidays(days)
    shops = [_shop(random, days, holiday, at_work=index % 3 == 2) for index in range(len(STORES))]
    series = [
        _series(random, days, holiday, shops[index % len(STORES)], index)[-length:]
        for index, length in enumerate(lengths.tolist())
    ]
    table = np.concatenate(series)
    day, store, product = (table[:, column].astype(np.int64) for column in range(3))
    return pa.table(
        {
            "date": pa.array(day.astype(np.int32), pa.int32()).cast(pa.date32()),
            "store": pa.array([STORES[code] for code in store.tolist()]),
            "product": pa.array([PRODUCTS[code][0] for code in product.tolist()]),
            "category": pa.array([PRODUCTS[code][1] for code in product.tolist()]),
            "price": pa.array(table[:, 3]),
            "promotion": pa.array(table[:, 4] > 0),
            "holiday": pa.array(table[:, 5] > 0),
            "visitors": pa.array(table[:, 6].astype(np.int64)),
            "units": pa.array(table[:, 7].astype(np.int64)),
        }
    )


def _lengths(random: np.random.Generator, rows: int) -> Ints:
    """The days of each series: most are as long as the longest, a few are of products that came later."""
    count = min(max(rows // DAYS_OF_A_SERIES, FEWEST_SERIES), MOST_SERIES)
    share = np.where(random.random(count) < 0.15, random.uniform(0.5, 0.9, count), 1.0)
    share[0] = 1.0
    lengths: Ints = np.floor(rows * share / share.sum()).astype(np.int64)
    lengths[: rows - int(lengths.sum())] += 1
    return lengths


def _holidays(days: Ints) -> NDArray[np.bool_]:
    dates = [date.fromordinal(day + date(1970, 1, 1).toordinal()) for day in days.tolist()]
    return np.array([(one.month, one.day) in HOLIDAYS for one in dates])


def _shop(random: np.random.Generator, days: Ints, holiday: NDArray[np.bool_], *, at_work: bool) -> _Shop:
    week = np.array(WEEK_AT_WORK if at_work else WEEK_AT_HOME)[(days + 3) % 7]
    # Good and bad weeks last: each day is mostly like the one before.
    mood, shocks = np.zeros(len(days)), random.normal(0, 0.03, len(days))
    for day in range(1, len(days)):
        mood[day] = 0.9 * mood[day - 1] + shocks[day]
    before = np.r_[holiday[1:], False] | np.r_[holiday[2:], False, False]
    busy = week * np.exp(mood) * np.where(holiday, 0.35, 1.0) * np.where(before & ~holiday, 1.35, 1.0)
    size = random.uniform(500, 1600)
    return _Shop(random.poisson(size * busy), busy * size / 1000)


def _series(
    random: np.random.Generator, days: Ints, holiday: NDArray[np.bool_], shop: _Shop, index: int
) -> NDArray[np.float64]:
    """Day, store, product, price, promotion, holiday, visitors and units of one series: [days, 8]."""
    product = (index // len(STORES) + index) % len(PRODUCTS)
    _, _, level, list_price, summer = PRODUCTS[product]
    count = len(days)
    promotion = np.repeat(random.random(count // 7 + 2) < 0.12, 7)[:count]
    raised = np.cumsum(random.random(count) < 1 / 240)
    price = np.round(list_price * 1.04**raised * np.where(promotion, 0.8, 1.0), 2)
    season = 1.0 + summer * np.sin(2 * np.pi * ((days % 365.25) - 105) / 365.25)
    trend = np.exp(random.normal(0.0, 0.12) * (days - days[0]) / 365)
    mean = level * random.uniform(0.6, 1.6) * season * trend * shop.busy * np.where(promotion, 1.7, 1.0)
    mean = mean * (price / list_price) ** -0.8
    units = random.poisson(mean * random.gamma(12.0, 1 / 12.0, count))
    columns = (days, index % len(STORES), product, price, promotion, holiday, shop.visitors, units)
    return np.stack([np.broadcast_to(np.asarray(column, dtype=np.float64), count) for column in columns], axis=1)


def _schema(sales: pa.Table) -> dict[str, Json]:
    required: dict[str, Json] = {"required": True}
    zero: dict[str, Json] = {**required, "minimum": 0}
    return {
        "fields": fields(
            sales,
            {
                "date": {"ml8s:role": "time", "constraints": required},
                "store": {"constraints": {**required, "enum": list(STORES)}},
                "product": {"constraints": required},
                "category": {"constraints": required},
                "price": {"constraints": zero},
                "promotion": {"constraints": required},
                "holiday": {"constraints": required},
                "visitors": {"constraints": zero},
                "units": {"constraints": zero},
            },
        ),
        "primaryKey": ["date", "store", "product"],
        "missingValues": [""],
        "ml8s:version": 1,
        "ml8s:as_of": "2026-01-01T00:00:00Z",
    }
