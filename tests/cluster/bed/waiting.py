"""Waiting for a condition, with an end and with words for what was seen."""

import time
from collections.abc import Callable

from tests.cluster.bed.problem import BedError

INTERVAL_SECONDS = 0.25


def until(
    what: str,
    check: Callable[[], object],
    *,
    seconds: float,
    meanwhile: Callable[[], object] = lambda: None,
    interval: float = INTERVAL_SECONDS,
) -> None:
    """Call `check` until it returns something true.

    `meanwhile` runs between two checks and may raise, for example when a
    daemon died. A check that raises BedError counts as not yet. Raises
    BedError with what was waited for and what was last seen.
    """
    begun = time.monotonic()
    while True:
        try:
            seen = check()
        except BedError as error:
            seen, shown = None, str(error)
        else:
            shown = repr(seen)
        if seen:
            return
        if time.monotonic() - begun > seconds:
            raise BedError(f"waited {seconds:.0f} s for {what}; last seen: {shown}")
        meanwhile()
        time.sleep(interval)
