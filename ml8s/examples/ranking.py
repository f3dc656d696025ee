"""Search results of a shop, graded 0 (irrelevant) to 4 (perfect) within each query."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from ml8s.artifacts import Json
from ml8s.examples.snapshot import fields, write_snapshot

ROWS: Final = 30_000
SEED: Final = 13
MOST_OFFERS: Final = 25
DEPARTMENTS: Final = ("garden", "kitchen", "sport", "tools", "toys")
# Share of offers below each grade, lowest first: half are irrelevant.
GRADE_QUANTILES: Final = (0.5, 0.75, 0.9, 0.97)


def publish(folder: Path, rows: int = ROWS, seed: int = SEED) -> pa.Table:
    """Writes the snapshot, one row an offer shown for a query, and returns the offers.

    Args:
        folder: where; it must hold no snapshot yet.
        rows: offers, at least 500; a query has 5 to 25 of them.
        seed: other seeds give other queries.
    """
    offers = _offers(np.random.default_rng(seed), rows)
    write_snapshot(folder, {"train": offers}, _schema(offers))
    return offers


def _offers(random: np.random.Generator, rows: int) -> pa.Table:
    sizes = random.integers(5, MOST_OFFERS + 1, rows)
    query = np.repeat(np.arange(rows), sizes)[:rows]
    queries = int(query[-1]) + 1
    department = random.integers(0, len(DEPARTMENTS), queries)[query]
    words = random.integers(1, 6, queries)[query]
    # How hard a query is moves all of its scores: only differences within a query tell grades apart.
    hardness = random.normal(0.0, 1.5, queries)[query]
    quality = random.normal(0.0, 1.0, rows)
    offered = np.where(random.random(rows) < 0.8, department, random.integers(0, len(DEPARTMENTS), rows))
    matched = random.binomial(words, 1.0 / (1.0 + np.exp(-1.2 * quality)))
    text_score = np.round(6.0 + hardness + 1.1 * quality + random.normal(0.0, 0.8, rows), 3)
    popularity = random.gamma(1.2, 20.0, rows).astype(np.int64)
    days_listed = random.exponential(200.0, rows).astype(np.int64)
    clicks = np.round((0.02 + 0.1 / (1.0 + np.exp(-quality))) * random.uniform(0.5, 1.5, rows), 4)
    price_ratio = np.round(np.exp(random.normal(0.0, 0.4, rows)), 3)
    relevance = (
        quality
        + 0.8 * (offered == department)
        + 0.15 * np.log1p(popularity)
        - 0.4 * np.abs(np.log(price_ratio))
        + random.normal(0.0, 0.5, rows)
    )
    grade = np.searchsorted(np.quantile(relevance, GRADE_QUANTILES), relevance)
    return pa.table(
        {
            "query_id": pa.array(query),
            "offer_id": pa.array(random.permutation(10 * rows)[:rows]),
            "query_words": pa.array(words),
            "query_department": _labels(department),
            "offer_department": _labels(offered),
            "same_department": pa.array(offered == department),
            "words_matched": pa.array(matched),
            "text_score": pa.array(text_score),
            "popularity": pa.array(popularity),
            "days_listed": pa.array(days_listed),
            "click_rate": pa.array(clicks, mask=days_listed < 14),
            "price_ratio": pa.array(price_ratio),
            "grade": pa.array(grade.astype(np.int64)),
        }
    )


def _labels(codes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> pa.Array:
    return pa.array(np.array(DEPARTMENTS, dtype=object)[codes], pa.string())


def _schema(offers: pa.Table) -> dict[str, Json]:
    required: dict[str, Json] = {"required": True}
    return {
        "fields": fields(
            offers,
            {
                "query_id": {"ml8s:role": "group", "constraints": required},
                "offer_id": {"ml8s:role": "key", "constraints": {**required, "unique": True}},
                "query_words": {"constraints": {**required, "minimum": 1}},
                "text_score": {"constraints": required},
                "popularity": {"constraints": {**required, "minimum": 0}},
                "days_listed": {"constraints": {**required, "minimum": 0}},
                "click_rate": {"constraints": {"minimum": 0, "maximum": 1}},
                "price_ratio": {"constraints": {**required, "minimum": 0}},
                "grade": {"constraints": {**required, "minimum": 0, "maximum": 4}},
            },
        ),
        "primaryKey": ["offer_id"],
        "missingValues": [""],
        "ml8s:version": 1,
    }
