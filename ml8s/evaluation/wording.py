"""Numbers as people read them: the same text on every machine, whatever its locale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Final

SIGNIFICANT: Final = 4
MOST_SIGNIFICANT: Final = 17


def number(value: float | None, significant: int = SIGNIFICANT) -> str:
    """A value with about four significant digits and thousands set apart; an en dash for none.

    Fractions keep at least four decimals, so that 0.9 and 0.93 align; very large and small ones get an exponent.
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    size = math.floor(math.log10(abs(value)))
    if size >= 9 or size < -4:
        return f"{value:.{significant - 1}e}"
    return f"{value:,.{max(significant - 1 - max(size, -1), 0)}f}"


def brief(value: float | None) -> str:
    """A value inside a sentence: as it was written where that takes at most six digits, else as ``number``."""
    if value is None or not math.isfinite(value):
        return "–"
    value += 0.0  # -0.0 becomes 0.0
    short = f"{value:.6g}"
    return f"{value:,.6g}" if "e" not in short and float(short) == value else number(value)


def told_apart(first: float, second: float) -> tuple[str, str]:
    """Two values with as many digits as it takes to see which is the larger; equal ones look equal."""
    for significant in range(SIGNIFICANT - 1, MOST_SIGNIFICANT + 1):
        write = brief if significant < SIGNIFICANT else partial(number, significant=significant)
        texts = write(first), write(second)
        if first == second or _order(*map(_read, texts)) == _order(first, second):
            return texts
    return repr(first), repr(second)


def _order(first: float, second: float) -> int:
    return (first > second) - (first < second)


def _read(text: str) -> float:
    return float(text.replace(",", ""))


def aligned(values: Sequence[float], significant: int = 3) -> list[str]:
    """Values of one table or chart with the same number of decimals: three significant digits of the largest."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    size = math.floor(math.log10(largest)) if largest else 0
    if size >= 9 or size < -6:
        return [number(value, significant) for value in values]
    decimals = max(significant - 1 - size, 0)
    return [f"{round(value, decimals) + 0.0:,.{decimals}f}" for value in values]


def count(value: float) -> str:
    """A number of rows; a weight that is no whole number keeps one decimal."""
    return f"{int(value):,}" if value == int(value) else f"{value:,.1f}"


def percent(share: float | None) -> str:
    """A fraction as a percentage: 12.3 %, more digits where it is small, none where it is whole."""
    if share is None or not math.isfinite(share):
        return "–"
    value = 100.0 * share
    if value == round(value):
        return f"{value:.0f} %"
    decimals = 1 if abs(value) >= 0.95 else 2 if abs(value) >= 0.095 else 3
    return f"{value:.{decimals}f} %"


def plural(amount: int, noun: str, nouns: str = "") -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{amount:,} {noun if amount == 1 else nouns or noun + 's'}"


def visible(text: str) -> str:
    """A text on one line in which every character shows: what is not printable becomes its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shortened(text: str, length: int = 60) -> str:
    """A visible text of at most ``length`` characters."""
    plain = visible(text)
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def sentence(text: str) -> str:
    """A text that ends with a full stop."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def tick(value: float) -> str:
    """A value at an axis: 20k and 1.5M instead of long numbers."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):g}{letter}" if abs(value) < 1e12 else f"{value:.3g}"
    return brief(value)
