"""Customers of a phone company, of whom about one in five leaves: categories, booleans, numbers and nulls, no time."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.examples.snapshot import fields, write_snapshot

ROWS: Final = 20_000
SEED: Final = 11

CONTRACTS: Final = ("monthly", "one year", "two years")
PLANS: Final = ("voice", "basic", "plus", "unlimited")
PAYMENTS: Final = ("card", "direct debit", "invoice", "voucher")
CHANNELS: Final = ("shop", "web", "phone", "partner", "door")
COMPLAINTS: Final = ("billing", "coverage", "speed", "service")
TOWNS: Final = 400


def publish(folder: Path, rows: int = ROWS, seed: int = SEED) -> pa.Table:
    """Writes the snapshot, one row a customer, and returns the customers.

    Args:
        folder: where; it must hold no snapshot yet.
        rows: customers, at least 500.
        seed: other seeds give other customers.
    """
    customers = _customers(np.random.default_rng(seed), rows)
    write_snapshot(folder, {"train": customers}, _schema(customers))
    return customers


def _customers(random: np.random.Generator, rows: int) -> pa.Table:
    contract = random.choice(3, rows, p=[0.55, 0.25, 0.2])
    plan = random.choice(4, rows, p=[0.15, 0.35, 0.3, 0.2])
    payment = random.choice(4, rows, p=[0.3, 0.4, 0.22, 0.08])
    tenure = np.minimum(120, random.gamma(1.3, 22.0, rows)).astype(np.int64)
    fee = np.round(np.array([9.0, 17.0, 29.0, 45.0])[plan] * random.uniform(0.85, 1.35, rows), 2)
    data = np.round(random.gamma(2.0, np.array([1.0, 3.0, 8.0, 20.0])[plan]), 1)
    calls = random.poisson(0.6 + 0.5 * random.random(rows) * (plan > 1), rows)
    complained = random.random(rows) < 0.12 + 0.08 * np.minimum(calls, 4)
    complaint = random.choice(4, rows, p=[0.35, 0.25, 0.25, 0.15])
    age = random.normal(46, 16, rows).clip(18, 95).astype(np.int64)
    # Towns differ in coverage; a few are large, many are small.
    size = 1.0 / np.arange(1, TOWNS + 1)
    town = random.choice(TOWNS, rows, p=size / size.sum())
    coverage = random.normal(0.0, 0.5, TOWNS)[town]
    paperless, family = random.random(rows) < 0.6, random.random(rows) < 0.4
    logit = (
        -1.8
        + np.array([1.1, -0.4, -1.3])[contract]
        - 0.025 * tenure
        + 0.03 * (fee - 25)
        + 0.35 * calls
        + np.where(complained, np.array([0.9, 0.7, 0.5, 1.2])[complaint], 0.0)
        + np.array([0.0, -0.4, 0.2, 0.7])[payment]
        - 0.5 * family
        + np.where(paperless, 0.15, 0.0)
        - coverage
        + np.where((contract == 0) & (tenure < 6), 0.8, 0.0)
    )
    left = random.random(rows) < 1.0 / (1.0 + np.exp(-logit))
    return pa.table(
        {
            "customer_id": pa.array([f"K{number:06d}" for number in random.permutation(10 * rows)[:rows].tolist()]),
            "age": pa.array(age, mask=random.random(rows) < 0.08),
            "town": pa.array([f"town {number:03d}" for number in town.tolist()]),
            "tenure_months": pa.array(tenure),
            "contract": _labels(CONTRACTS, contract),
            "plan": _labels(PLANS, plan),
            "monthly_fee": pa.array(fee),
            "data_gb": pa.array(data, mask=plan == 0),
            "payment": _labels(PAYMENTS, payment),
            "channel": _labels(CHANNELS, random.choice(5, rows), random.random(rows) < 0.05),
            "paperless": pa.array(paperless),
            "family_plan": pa.array(family, mask=random.random(rows) < 0.1),
            "support_calls": pa.array(calls),
            "last_complaint": _labels(COMPLAINTS, complaint, ~complained),
            "churned": _labels(("no", "yes"), left.astype(np.int64)),
        }
    )


def _labels(names: tuple[str, ...], codes: NDArray[np.int64], null: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(np.array(names, dtype=object)[codes], pa.string(), mask=null)


def _schema(customers: pa.Table) -> dict[str, Json]:
    required: dict[str, Json] = {"required": True}
    return {
        "fields": fields(
            customers,
            {
                "customer_id": {
                    "ml8s:role": "key",
                    "ml8s:log": "hash",
                    "constraints": {**required, "unique": True, "pattern": "K[0-9]{6,}"},
                },
                "age": {"constraints": {"minimum": 18, "maximum": 120}},
                "tenure_months": {"constraints": {**required, "minimum": 0}},
                "contract": {"constraints": {**required, "enum": list(CONTRACTS)}},
                "plan": {"constraints": {**required, "enum": list(PLANS)}},
                "monthly_fee": {"constraints": {**required, "minimum": 0}},
                "data_gb": {"constraints": {"minimum": 0}},
                "support_calls": {"constraints": {**required, "minimum": 0}},
                "churned": {"constraints": {**required, "enum": ["no", "yes"]}},
            },
        ),
        "primaryKey": ["customer_id"],
        "missingValues": [""],
        "ml8s:version": 1,
    }
