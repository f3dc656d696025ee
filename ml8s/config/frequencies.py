"""The frequency of series: how far two neighbouring rows are apart, and the cycles that people live by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SECONDS_PER: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
MONTH: Final = "mo"
MONTHS_OF_A_YEAR: Final = 12
# A year of 52 weeks, so that a day is compared with the same weekday.
CYCLES: Final = {"day": 86_400, "week": 604_800, "year": 31_449_600}
LONGEST_CYCLE: Final = 10_080
MOST_CYCLES: Final = 2

_TEXT: Final = re.compile(r"([1-9][0-9]{0,5})(s|m|h|d|w|mo)")
_MEANT: Final = {
    "second": "1s", "secondly": "1s", "s": "1s", "sec": "1s",
    "minute": "1m", "minutely": "1m", "min": "1m", "t": "1m",
    "hour": "1h", "hourly": "1h", "h": "1h",
    "day": "1d", "daily": "1d", "d": "1d", "b": "1d",
    "week": "1w", "weekly": "1w", "w": "1w",
    "month": "1mo", "monthly": "1mo", "m": "1mo", "ms": "1mo", "me": "1mo",
    "quarter": "3mo", "quarterly": "3mo", "q": "3mo", "qs": "3mo", "qe": "3mo",
    "year": "12mo", "yearly": "12mo", "annual": "12mo", "y": "12mo", "a": "12mo", "ys": "12mo", "ye": "12mo",
}  # fmt: skip
_NUMBERED: Final = re.compile(r"([1-9][0-9]{0,5})\s*([a-z]+)")


@dataclass(frozen=True, slots=True)
class Frequency:
    """The length of a period: so many seconds, or so many calendar months; the other is 0."""

    text: str
    seconds: int
    months: int = 0

    @property
    def cycles(self) -> tuple[tuple[str, int], ...]:
        """At most two cycles that hold whole periods, the shortest first: (name, periods of 2 to 10,080).

        ``1h`` has the day (24) and the week (168), ``1d`` the week (7) and the year of 52 weeks (364), ``1w`` the year
        (52), ``1mo`` the year (12).
        """
        if self.months:
            return (("year", MONTHS_OF_A_YEAR // self.months),) if self.months in (1, 2, 3, 4, 6) else ()
        whole = ((name, length // self.seconds, length % self.seconds) for name, length in CYCLES.items())
        return tuple((name, n) for name, n, rest in whole if not rest and 2 <= n <= LONGEST_CYCLE)[:MOST_CYCLES]

    @property
    def season(self) -> int:
        """The periods of the shortest cycle, by which the seasonal naive forecast repeats; 1 without a cycle."""
        return self.cycles[0][1] if self.cycles else 1


def parse_frequency(text: str) -> Frequency | None:
    """Reads ``1h``, ``15m``, ``1d``, ``1w`` or ``1mo``; None for anything else."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    return Frequency(text, 0, count) if unit == MONTH else Frequency(text, count * SECONDS_PER[unit])


def meant_frequency(text: str) -> str | None:
    """What somebody means who writes ``daily``, ``H``, ``7D``, ``2 weeks`` or ``MS``; None where nobody knows."""
    plain = text.strip().lower()
    if plain in _MEANT:
        return _MEANT[plain]
    match = _NUMBERED.fullmatch(plain)
    unit = _MEANT.get(match[2]) or _MEANT.get(match[2].removesuffix("s")) if match else None
    if match is None or unit is None:
        return None
    found = _TEXT.fullmatch(unit)
    assert found is not None, "every meant frequency is one"
    return f"{int(match[1]) * int(found[1])}{found[2]}"
