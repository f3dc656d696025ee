"""What was known of the card and the terminal when a payment was made: the best features of the fraud example.

They lie outside the snapshot. A window of w days at time t holds the payments of the same customer or terminal in
[t - w, t), without any of the same second; whether a payment was fraud is known 7 days later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.examples.fraud import DAYS, SECONDS, Payments

LABEL_DELAY_DAYS: Final = 7
WINDOWS_DAYS: Final = (1, 7, 30)


def as_of_features(payments: Payments, refresh: int | None = None) -> dict[str, NDArray[np.float64]]:
    """Features of each payment from earlier payments only, by name, each float64 [payments]; NaN for empty windows.

    Counts, means and rates come from differences of integer prefix sums, so they are exact whatever lies outside the
    window.

    Args:
        payments: all of them.
        refresh: seconds between the boundaries that history is known at; None for each payment's own time. The
            payment's own amount is known at once.
    """
    amount = payments.cents / 100
    features = {"amount": amount}
    by_customer = _History(payments.customer, payments, refresh)
    by_terminal = _History(payments.terminal, payments, refresh)
    for days in WINDOWS_DAYS:
        count, cents, _ = by_customer.window(days, delay=0)
        features[f"customer_count_{days}d"] = count
        features[f"customer_mean_amount_{days}d"] = _ratio(cents, count) / 100
        features[f"customer_amount_over_mean_{days}d"] = _ratio(amount * 100, _ratio(cents, count))
        features[f"terminal_count_{days}d"] = by_terminal.window(days, delay=0)[0]
    for name, history in (("customer", by_customer), ("terminal", by_terminal)):
        for days in WINDOWS_DAYS[1:]:
            count, _, frauds = history.window(days, delay=LABEL_DELAY_DAYS)
            features[f"{name}_fraud_rate_{days}d"] = _ratio(frauds, count)
    return features


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.full(len(above), np.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


class _History:
    """Payments by key and time, with prefix sums."""

    def __init__(self, key: NDArray[np.int64], payments: Payments, refresh: int | None = None) -> None:
        # One integer orders by key, then time; the room between keys is wider than any window.
        room = (DAYS + 2 * max(WINDOWS_DAYS) + LABEL_DELAY_DAYS) * SECONDS
        self.place = key * room + payments.second + (max(WINDOWS_DAYS) + LABEL_DELAY_DAYS) * SECONDS
        order = np.argsort(self.place, kind="stable")
        self.sorted = self.place[order]
        if refresh is not None:
            self.place = self.place - payments.second % refresh
        self.sums = [_prefix(values[order]) for values in _summed(payments)]

    def window(self, days: int, delay: int) -> list[NDArray[np.float64]]:
        """Count, cents and frauds in [t - delay - days, t - delay) before each payment, or before its boundary t."""
        end = np.searchsorted(self.sorted, self.place - delay * SECONDS)
        begin = np.searchsorted(self.sorted, self.place - (delay + days) * SECONDS)
        return [(sums[end] - sums[begin]).astype(np.float64) for sums in self.sums]


def _summed(payments: Payments) -> Iterator[NDArray[np.int64]]:
    yield np.ones(len(payments), dtype=np.int64)
    yield payments.cents
    yield payments.fraud.astype(np.int64)


def _prefix(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values)])
