"""Which features a frequency gives, and how far back they read."""

from __future__ import annotations

import pytest

from ml8s.config.frequencies import parse_frequency
from ml8s.features.forecast.definitions import LagFeature, define, level_window, lookback, windows


@pytest.mark.parametrize(
    ("text", "lengths", "level"),
    [
        ("1h", (12, 24, 96, 168, 672), 168),
        ("1d", (3, 7, 28, 364), 28),
        ("1mo", (6, 12, 48), 12),
        ("1s", (2, 4, 16), 16),
    ],
)
def test_windows_follow_the_cycles(text: str, lengths: tuple[int, ...], level: int) -> None:
    frequency = parse_frequency(text)
    assert frequency is not None
    assert windows(frequency) == lengths
    assert level_window(frequency) == level


@pytest.mark.parametrize("text", ["1h", "1d", "1w", "1mo", "7h", "1s"])
def test_names_are_distinct_and_the_definition_comes_back_from_json(text: str) -> None:
    frequency = parse_frequency(text)
    assert frequency is not None
    found = define("units", frequency, 28)
    assert len({one.name for one in found}) == len(found)
    assert tuple(LagFeature.from_json(one.to_json()) for one in found) == found
    assert found[0].kind == "level", "others are in units of it"
    assert all(one.definition and not one.definition.endswith(".") for one in found)
    assert lookback(found, frequency, 28) == max(one.reach(28) for one in found)


def test_a_horizon_of_one_period_has_no_distance_to_tell() -> None:
    frequency = parse_frequency("1d")
    assert frequency is not None
    assert "steps ahead" not in {one.name for one in define("units", frequency, 1)}
    assert "steps ahead" in {one.name for one in define("units", frequency, 2)}
