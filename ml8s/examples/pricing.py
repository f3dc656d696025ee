"""Prices that used cars were sold for: skewed, with makes and models, two dates and nulls."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.examples.snapshot import fields, write_snapshot

ROWS: Final = 25_000
SEED: Final = 17
FIRST_SALE: Final = (date(2024, 1, 1) - date(1970, 1, 1)).days
DAYS_OF_SALES: Final = 730

MAKES: Final = ("Aral", "Borea", "Celta", "Dorado", "Elbe", "Fjord", "Garda", "Hekla")
MODELS_OF_A_MAKE: Final = 9
FUELS: Final = ("petrol", "diesel", "hybrid", "electric")
REGIONS: Final = ("coast", "hills", "lakes", "plain", "town")


def publish(folder: Path, rows: int = ROWS, seed: int = SEED) -> pa.Table:
    """Writes the snapshot, one row a sale, and returns the sales.

    Args:
        folder: where; it must hold no snapshot yet.
        rows: sales, at least 500.
        seed: other seeds give other cars.
    """
    sales = _sales(np.random.default_rng(seed), rows)
    write_snapshot(folder, {"train": sales}, _schema(sales))
    return sales


def _sales(random: np.random.Generator, rows: int) -> pa.Table:
    models = len(MAKES) * MODELS_OF_A_MAKE
    share = random.gamma(0.8, 1.0, models)
    model = random.choice(models, rows, p=share / share.sum())
    list_price = np.exp(random.normal(10.1, 0.45, models))[model]
    fuel = random.choice(4, rows, p=[0.45, 0.32, 0.13, 0.1])
    sold = FIRST_SALE + random.integers(0, DAYS_OF_SALES, rows)
    age_days = random.gamma(2.2, 900.0, rows).astype(np.int64) + 30
    years = age_days / 365.25
    mileage = np.rint(years * np.exp(random.normal(9.4, 0.5, rows))).astype(np.int64)
    power = np.rint(45 + list_price / 400 + random.normal(0, 12, rows)).clip(30, 500).astype(np.int64)
    extras = random.poisson(4, rows)
    automatic = random.random(rows) < 0.45
    damaged = random.random(rows) < 0.08
    region = random.integers(0, len(REGIONS), rows)
    log_price = (
        np.log(list_price)
        - np.array([0.13, 0.14, 0.12, 0.18])[fuel] * years
        - 0.0022 * (mileage / 1000)
        + 0.002 * power
        + 0.02 * extras
        + 0.08 * automatic
        - 0.35 * damaged
        + np.array([0.05, 0.0, 0.02, -0.04, 0.03])[region]
        # Prices rise in spring, and over the years.
        + 0.04 * np.sin(2 * np.pi * ((sold % 365) - 20) / 365)
        + 0.00008 * (sold - FIRST_SALE)
        + random.normal(0, 0.12, rows)
    )
    return pa.table(
        {
            "sale_id": pa.array(np.arange(rows, dtype=np.int64)),
            "sold_on": _dates(sold),
            "first_registered": _dates(sold - age_days),
            "make": _labels(MAKES, model // MODELS_OF_A_MAKE),
            "model": pa.array([f"{MAKES[m // MODELS_OF_A_MAKE]} {1 + m % MODELS_OF_A_MAKE}00" for m in model.tolist()]),
            "fuel": _labels(FUELS, fuel),
            "automatic": pa.array(automatic),
            "power_kw": pa.array(power),
            "mileage_km": pa.array(mileage, mask=random.random(rows) < 0.03),
            "extras": pa.array(extras),
            "damaged": pa.array(damaged, mask=random.random(rows) < 0.2),
            "region": _labels(REGIONS, region),
            "price": pa.array(np.maximum(200.0, np.round(np.exp(log_price) / 10) * 10)),
        }
    )


def _labels(names: tuple[str, ...], codes: NDArray[Any]) -> pa.Array:
    return pa.array(np.array(names, dtype=object)[codes], pa.string())


def _dates(days: NDArray[np.int64]) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def _schema(sales: pa.Table) -> dict[str, Json]:
    required: dict[str, Json] = {"required": True}
    return {
        "fields": fields(
            sales,
            {
                "sale_id": {"ml8s:role": "key", "constraints": {**required, "unique": True}},
                "sold_on": {"ml8s:role": "time", "constraints": required},
                "first_registered": {"constraints": required},
                "make": {"constraints": {**required, "enum": list(MAKES)}},
                "model": {"constraints": required},
                "fuel": {"constraints": {**required, "enum": list(FUELS)}},
                "power_kw": {"constraints": {**required, "minimum": 1}},
                "mileage_km": {"constraints": {"minimum": 0}},
                "extras": {"constraints": {**required, "minimum": 0}},
                "price": {"constraints": {**required, "minimum": 0}},
            },
        ),
        "primaryKey": ["sale_id"],
        "missingValues": [""],
        "ml8s:version": 1,
        "ml8s:as_of": "2026-01-01T00:00:00Z",
    }
