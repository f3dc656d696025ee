"""Seconds and MB of each case, and the number of cases of each family: printed at the end, never asserted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

PROPERTY: Final = "bad_input"


class Report(Protocol):
    """What pytest knows of a finished test."""

    user_properties: list[tuple[str, object]]


def measured(family: str, seconds: float, megabytes: float) -> tuple[str, str]:
    """The property that a test records of its case."""
    return PROPERTY, f"{family}|{seconds:.3f}|{megabytes:.1f}"


def table(reports: Iterable[Report]) -> list[str]:
    """One line per family: cases, the longest, the largest."""
    families: dict[str, list[tuple[float, float]]] = {}
    for report in reports:
        for name, value in report.user_properties:
            if name == PROPERTY:
                family, seconds, megabytes = str(value).split("|")
                families.setdefault(family, []).append((float(seconds), float(megabytes)))
    return _lines(families)


def _lines(families: Mapping[str, list[tuple[float, float]]]) -> list[str]:
    if not families:
        return []
    lines = [f"{'family':<28}{'cases':>6}{'longest s':>11}{'largest MB':>12}"]
    for family in sorted(families):
        found = families[family]
        longest, largest = max(seconds for seconds, _ in found), max(size for _, size in found)
        lines.append(f"{family:<28}{len(found):>6}{longest:>11.1f}{largest:>12.0f}")
    lines.append(f"{'all':<28}{sum(len(found) for found in families.values()):>6}")
    return lines
