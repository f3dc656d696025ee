"""Card payments with rare fraud, after the simulator of the Fraud Detection Handbook (Le Borgne et al., 2022).

Fraud has two causes, and neither shows in a payment by itself: a terminal is compromised for some weeks, and half of
the payments there are fraud; a card is stolen for some days, and its thief pays more, and more often, than its
owner does. Both must be learned from what happened before at the terminal and with the card.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.examples.snapshot import fields, write_snapshot

ROWS: Final = 240_000
SEED: Final = 7
DAYS: Final = 120
SECONDS: Final = 86_400
MICROSECONDS: Final = 1_000_000
START: Final = datetime(2025, 9, 1, tzinfo=UTC)
TEST_SHARE: Final = 0.2

REGIONS: Final = ("north", "east", "south", "west", "centre")
SEGMENTS: Final = ("student", "family", "business", "retired")
KINDS: Final = ("grocery", "fuel", "restaurant", "travel", "electronics", "fashion", "services")

STOLEN_SHARE: Final = 0.006
PAYMENTS_OF_A_THIEF: Final = 8
COMPROMISED_SHARE: Final = 0.02
COMPROMISED_DAYS: Final = (30, 60)
FRAUD_AT_COMPROMISED: Final = 0.5
AMBIENT_FRAUD: Final = 0.0003


@dataclass(frozen=True)
class Payments:
    """Payments in the order of time, one entry each; customers and terminals by their number.

    ``second`` counts from ``START``; ``cents`` is the amount; ``distance`` in km is NaN online.
    """

    customer: NDArray[np.int64]
    terminal: NDArray[np.int64]
    second: NDArray[np.int64]
    cents: NDArray[np.int64]
    online: NDArray[np.bool_]
    distance: NDArray[np.float64]
    fraud: NDArray[np.bool_]

    def take(self, order: NDArray[np.intp]) -> Payments:
        """The same payments in another order, or some of them."""
        return Payments(*(getattr(self, name)[order] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.second)


@dataclass(frozen=True)
class World:
    """Who pays and where: arrays by customer and by terminal."""

    customer_region: NDArray[np.int64]
    customer_segment: NDArray[np.int64]
    usual_cents: NDArray[np.float64]
    activity: NDArray[np.float64]
    joined: NDArray[np.int64]
    terminal_region: NDArray[np.int64]
    terminal_kind: NDArray[np.int64]
    popularity: NDArray[np.float64]
    opened: NDArray[np.int64]


def publish(folder: Path, rows: int = ROWS, seed: int = SEED) -> Payments:
    """Writes the snapshot: train (80 %), validation (the last 20 % of time), customers, terminals, schema.

    Args:
        folder: where; it must hold no snapshot yet.
        rows: payments in train and validation together, at least 2,000.
        seed: other seeds give other worlds.

    Returns:
        All payments, train before validation, for ``ml8s.examples.fraud_history``.
    """
    world, payments = simulate(rows, seed)
    table = _payment_table(payments)
    cut = train_rows(payments)
    customers, terminals = _customer_table(world), _terminal_table(world)
    tables = {
        "train": table.slice(0, cut),
        "validation": table.slice(cut),
        "customers": customers,
        "terminals": terminals,
    }
    write_snapshot(folder, tables, _schema(table, customers, terminals))
    return payments


def simulate(rows: int = ROWS, seed: int = SEED) -> tuple[World, Payments]:
    """The world and its payments, without writing anything; arguments as of ``publish``."""
    random = np.random.default_rng(seed)
    world = _world(random, customers=max(50, rows // 120), terminals=max(20, rows // 240))
    return world, _payments(random, world, rows)


def train_rows(payments: Payments) -> int:
    """How many payments lie in train: those before the second at which the last 20 % begin."""
    first_of_test = payments.second[int(len(payments) * (1 - TEST_SHARE))]
    return int(np.searchsorted(payments.second, first_of_test))


def _world(random: np.random.Generator, customers: int, terminals: int) -> World:
    return World(
        customer_region=random.integers(0, len(REGIONS), customers),
        customer_segment=random.choice(len(SEGMENTS), customers, p=[0.2, 0.4, 0.15, 0.25]),
        usual_cents=np.exp(random.normal(8.0, 0.9, customers)),
        activity=random.gamma(2.0, 1.0, customers) + 0.2,
        joined=random.integers(-3000, -30, customers),
        terminal_region=np.arange(terminals) % len(REGIONS),
        terminal_kind=random.integers(0, len(KINDS), terminals),
        popularity=random.gamma(2.0, 1.0, terminals) + 0.3,
        opened=random.integers(-2000, -60, terminals),
    )


def _payments(random: np.random.Generator, world: World, rows: int) -> Payments:
    stolen = _stolen_cards(random, world, int(rows * STOLEN_SHARE))
    owners = _owners(random, world, rows - len(stolen))
    joined = Payments(*(np.concatenate([getattr(owners, n), getattr(stolen, n)]) for n in owners.__dataclass_fields__))
    payments = joined.take(np.argsort(joined.second, kind="stable"))
    compromised = _at_compromised_terminals(random, payments, len(world.popularity))
    by_terminal = compromised & (random.random(rows) < FRAUD_AT_COMPROMISED)
    ambient = random.random(rows) < AMBIENT_FRAUD
    return Payments(**{**payments.__dict__, "fraud": payments.fraud | by_terminal | ambient})


def _owners(random: np.random.Generator, world: World, rows: int) -> Payments:
    """Payments of the cards' owners, mostly near home and by day."""
    customer = random.choice(len(world.activity), rows, p=world.activity / world.activity.sum())
    away = random.random(rows) < 0.15
    region = np.where(away, random.integers(0, len(REGIONS), rows), world.customer_region[customer])
    evening = random.random(rows) < 0.4
    hour = np.where(evening, random.normal(19.0, 2.5, rows), random.normal(12.5, 3.0, rows)) % 24
    day = random.integers(0, DAYS, rows)
    second = day * SECONDS + (hour * 3600).astype(np.int64)
    factor = np.exp(random.normal(0.0, 0.45, rows))
    return _complete(random, world, customer, region=region, second=second, factor=factor)


def _stolen_cards(random: np.random.Generator, world: World, rows: int) -> Payments:
    """Payments of thieves: for 4 to 12 days they pay about five times the owner's usual amount, anywhere."""
    thefts = max(1, rows // PAYMENTS_OF_A_THIEF)
    # One theft within the first days of test, so that small snapshots have some there too.
    begin = np.append(random.uniform(0, DAYS - 4, thefts - 1), DAYS * (1 - TEST_SHARE / 2))
    length = random.uniform(4, 12, thefts)
    victim = random.choice(len(world.activity), thefts)
    theft = np.arange(rows) % thefts
    day = np.minimum(begin[theft] + random.random(rows) * length[theft], DAYS - 0.001)
    second = (day * SECONDS).astype(np.int64)
    region = random.integers(0, len(REGIONS), rows)
    factor = 5.0 * np.exp(random.normal(0.0, 0.35, rows))
    payments = _complete(random, world, victim[theft], region=region, second=second, factor=factor)
    return Payments(**{**payments.__dict__, "fraud": np.ones(rows, dtype=np.bool_)})


def _complete(
    random: np.random.Generator,
    world: World,
    customer: NDArray[np.int64],
    *,
    region: NDArray[np.int64],
    second: NDArray[np.int64],
    factor: NDArray[np.float64],
) -> Payments:
    rows = len(customer)
    online = random.random(rows) < 0.25
    away = region != world.customer_region[customer]
    distance = np.round(np.where(away, random.uniform(60, 600, rows), random.exponential(8.0, rows)), 1)
    return Payments(
        customer=customer,
        terminal=_terminals(random, world, region),
        second=second,
        cents=np.maximum(100, np.rint(world.usual_cents[customer] * factor)).astype(np.int64),
        online=online,
        distance=np.where(online, np.nan, distance),
        fraud=np.zeros(rows, dtype=np.bool_),
    )


def _terminals(random: np.random.Generator, world: World, region: NDArray[np.int64]) -> NDArray[np.int64]:
    """A terminal of each payment's region, drawn by popularity."""
    chosen = np.zeros(len(region), dtype=np.int64)
    for number in range(len(REGIONS)):
        here, candidates = np.flatnonzero(region == number), np.flatnonzero(world.terminal_region == number)
        weights = world.popularity[candidates]
        chosen[here] = random.choice(candidates, len(here), p=weights / weights.sum())
    return chosen


def _at_compromised_terminals(random: np.random.Generator, payments: Payments, terminals: int) -> NDArray[np.bool_]:
    """Which payments were made at a terminal while it was compromised."""
    shortest, longest = COMPROMISED_DAYS
    count = max(2, round(terminals * DAYS * COMPROMISED_SHARE / ((shortest + longest) / 2)))
    begin = np.linspace(-20, DAYS - 15, count)
    length = random.uniform(shortest, longest, count)
    terminal = random.permutation(terminals)[:count]
    until = np.full(terminals, -1.0)
    since = np.full(terminals, np.inf)
    since[terminal], until[terminal] = begin, begin + length
    day = payments.second / SECONDS
    return (since[payments.terminal] <= day) & (day < until[payments.terminal])


def _ids(letter: str, numbers: NDArray[np.int64]) -> pa.Array:
    return pa.array([f"{letter}{number:05d}" for number in numbers.tolist()], pa.string())


def _instants(second: NDArray[np.int64]) -> pa.Array:
    begin = int(START.timestamp())
    return pa.array((begin + second) * MICROSECONDS, pa.timestamp("us", tz="UTC"))


def _dates(day: NDArray[np.int64]) -> pa.Array:
    begin = int(START.timestamp()) // SECONDS
    return pa.array((begin + day).astype(np.int32), pa.int32()).cast(pa.date32())


def _labels(names: tuple[str, ...], codes: NDArray[np.int64]) -> pa.Array:
    return pa.array(np.array(names, dtype=object)[codes], pa.string())


def _payment_table(payments: Payments) -> pa.Table:
    distance: NDArray[Any] = payments.distance
    channel = np.where(payments.online, 0, 1 + (payments.cents < 5000))
    return pa.table(
        {
            "transaction_id": pa.array(np.arange(len(payments), dtype=np.int64)),
            "transaction_time": _instants(payments.second),
            "customer_id": _ids("C", payments.customer),
            "terminal_id": _ids("T", payments.terminal),
            "amount": pa.array(payments.cents / 100),
            "channel": _labels(("online", "chip", "contactless"), channel),
            "distance_km": pa.array(distance, mask=np.isnan(distance)),
            "is_fraud": pa.array(payments.fraud),
        }
    )


def _customer_table(world: World) -> pa.Table:
    return pa.table(
        {
            "customer_id": _ids("C", np.arange(len(world.activity))),
            "region": _labels(REGIONS, world.customer_region),
            "segment": _labels(SEGMENTS, world.customer_segment),
            "joined_on": _dates(world.joined),
        }
    )


def _terminal_table(world: World) -> pa.Table:
    return pa.table(
        {
            "terminal_id": _ids("T", np.arange(len(world.popularity))),
            "region": _labels(REGIONS, world.terminal_region),
            "kind": _labels(KINDS, world.terminal_kind),
            "opened_on": _dates(world.opened),
        }
    )


def _schema(payments: pa.Table, customers: pa.Table, terminals: pa.Table) -> dict[str, Json]:
    key: dict[str, Json] = {"ml8s:role": "key", "constraints": {"required": True}}
    return {
        "fields": fields(
            payments,
            {
                "transaction_id": {**key, "constraints": {"required": True, "unique": True}},
                "transaction_time": {"ml8s:role": "time", "constraints": {"required": True}},
                "customer_id": {**key, "ml8s:log": "hash"},
                "terminal_id": key,
                "amount": {"constraints": {"required": True, "minimum": 0}},
                "channel": {"constraints": {"required": True, "enum": ["chip", "contactless", "online"]}},
                "distance_km": {"constraints": {"minimum": 0}},
                "is_fraud": {"constraints": {"required": True}},
            },
        ),
        "primaryKey": ["transaction_id"],
        "foreignKeys": [
            {"fields": [name], "reference": {"resource": table, "fields": [name]}}
            for name, table in (("customer_id", "customers"), ("terminal_id", "terminals"))
        ],
        "missingValues": [""],
        "ml8s:version": 1,
        "ml8s:as_of": "2025-12-30T00:00:00Z",
        "ml8s:tables": {
            "customers": {
                "path": "customers.parquet",
                "schema": {
                    "fields": fields(customers, {"customer_id": {"constraints": {"required": True, "unique": True}}}),
                    "primaryKey": ["customer_id"],
                },
                "time": None,
            },
            "terminals": {
                "path": "terminals.parquet",
                "schema": {
                    "fields": fields(terminals, {"terminal_id": {"constraints": {"required": True, "unique": True}}}),
                    "primaryKey": ["terminal_id"],
                },
                "time": None,
            },
        },
    }
