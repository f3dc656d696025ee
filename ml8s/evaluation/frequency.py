"""Values by how often they occur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def by_frequency(values: Iterable[str]) -> list[tuple[str, int]]:
    """Each distinct value with its number of occurrences, the most frequent first, then by value."""
    return sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
