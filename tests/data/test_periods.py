"""Times as periods of a grid, and the frequencies that a config names."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml8s.config.frequencies import meant_frequency, parse_frequency
from ml8s.data.instants import instant_of
from ml8s.data.periods import OFF_GRID, Calendar

TEXTS = ("1s", "15m", "1h", "12h", "1d", "1w", "1mo", "3mo", "12mo")


def calendar(text: str, anchor: str) -> Calendar:
    frequency = parse_frequency(text)
    assert frequency is not None
    return Calendar(frequency, instant_of(anchor))


@settings(deadline=None)
@given(st.sampled_from(TEXTS), st.integers(-500, 500), st.datetimes(datetime(1999, 1, 1), datetime(2040, 12, 31)))
def test_a_period_becomes_a_time_and_the_same_period_again(text: str, period: int, anchor: datetime) -> None:
    frequency = parse_frequency(text)
    assert frequency is not None
    grid = Calendar(frequency, int(anchor.replace(tzinfo=UTC).timestamp()) * 1_000_000)
    times = grid.times(np.array([period]))
    assert grid.periods(times).tolist() == [period]
    assert grid.periods(times + 1).tolist() == [OFF_GRID]


def test_months_begin_at_the_same_day_and_end_at_the_last() -> None:
    first = calendar("1mo", "2024-01-15T06:00:00Z")
    assert first.times(np.array([0, 1, 12])).tolist() == [
        instant_of(t) for t in ("2024-01-15T06:00:00Z", "2024-02-15T06:00:00Z", "2025-01-15T06:00:00Z")
    ]
    last = calendar("1mo", "2024-01-31T00:00:00Z")
    ends = ("2024-02-29T00:00:00Z", "2024-03-31T00:00:00Z", "2025-02-28T00:00:00Z")
    assert last.times(np.array([1, 2, 13])).tolist() == [instant_of(t) for t in ends]
    assert last.periods(np.array([instant_of("2024-02-28T00:00:00Z")])).tolist() == [OFF_GRID]


@pytest.mark.parametrize(
    ("text", "cycles", "season"),
    [
        ("1h", (("day", 24), ("week", 168)), 24),
        ("15m", (("day", 96), ("week", 672)), 96),
        ("1d", (("week", 7), ("year", 364)), 7),
        ("1w", (("year", 52),), 52),
        ("1mo", (("year", 12),), 12),
        ("5mo", (), 1),
        ("7h", (("week", 24), ("year", 1248)), 24),
        ("1s", (), 1),
    ],
)
def test_the_cycles_of_a_frequency(text: str, cycles: tuple[tuple[str, int], ...], season: int) -> None:
    frequency = parse_frequency(text)
    assert frequency is not None
    assert (frequency.cycles, frequency.season) == (cycles, season)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("D", "1d"), ("Hourly", "1h"), ("30 min", "30m"), ("2 weeks", "2w"), ("QS", "3mo"), ("M", "1mo"), ("zz", None)],
)
def test_what_is_meant_by_another_spelling(written: str, meant: str | None) -> None:
    assert meant_frequency(written) == meant
