"""Times and dates as integers: microseconds and days since 1970-01-01 UTC, and back to ISO 8601."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = date(1970, 1, 1)
MICROSECOND: Final = timedelta(microseconds=1)
MICROSECONDS_PER: Final = {"s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86_400 * 10**6}


def instant_of(text: str) -> int:
    """Microseconds since 1970 UTC of an ISO 8601 time; one without an offset is UTC. ValueError for other text."""
    if "T" not in text and " " not in text:
        raise ValueError(f"{text!r} is no ISO 8601 time")
    time = datetime.fromisoformat(text)
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time
    return (time - EPOCH) // MICROSECOND


def midnight(text: str) -> str:
    """An ISO 8601 date as its midnight in UTC; any other text as it is."""
    try:
        return f"{date.fromisoformat(text).isoformat()}T00:00:00Z"
    except ValueError:
        return text


def day_of(text: str) -> int:
    """Days since 1970 of an ISO 8601 date. ValueError for other text."""
    return (date.fromisoformat(text) - EPOCH_DAY).days


def iso_instant(microseconds: int) -> str:
    """A time as ISO 8601 in UTC with ``Z``; microseconds only where there are some."""
    try:
        time = EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return f"{microseconds} µs since 1970"
    return time.isoformat().replace("+00:00", "Z")


def iso_day(days: int) -> str:
    """A date as ISO 8601."""
    try:
        return (EPOCH_DAY + timedelta(days=days)).isoformat()
    except OverflowError:
        return f"{days} days since 1970"


def microseconds_of(duration: str) -> int:
    """The length of a duration such as ``7d`` or ``90m``."""
    return int(duration[:-1]) * MICROSECONDS_PER[duration[-1]]
