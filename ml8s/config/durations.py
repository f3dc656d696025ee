"""Lengths of time as the config writes them, each in one spelling."""

from __future__ import annotations

from typing import Final

SECONDS_PER: Final = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


def canonical_duration(text: str) -> str:
    """The same length in the largest unit that divides it, so that ``24h`` and ``1d`` are one value and one digest.

    Args:
        text: a whole number and a unit (s, m, h or d), or a word such as ``all``, which stays.
    """
    if text[-1] not in SECONDS_PER or not text[:-1].isdigit():
        return text
    seconds = int(text[:-1]) * SECONDS_PER[text[-1]]
    unit = next(unit for unit, length in SECONDS_PER.items() if seconds % length == 0)
    return f"{seconds // SECONDS_PER[unit]}{unit}"
