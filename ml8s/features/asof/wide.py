"""Exact sums: arrays of wide integers in fixed point, one int64 digit of base 2**32 per array.

The number at position i is the sum over j of ``digits[j, i] * 2**(low + 32 * j)``. Digits may be negative and are not
unique until ``carried``. All operations are exact integer arithmetic, so sums do not depend on their order, and the
difference of two prefix sums is the sum of the rows in between, whatever lies before. ``rounded`` gives the nearest
float64, ties to even (the last correction is that of ``math.fsum``: R. Hettinger after J. R. Shewchuk, Adaptive
precision floating-point arithmetic, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.features.asof.rows import Floats, Ints

BITS: Final = 32
HALF: Final = 16
# So many rows can add their top digits, each at most 2**32, and stay exact as a float64.
MOST_ROWS: Final = 1 << 20
# The leading digit and the three below hold at least 95 bits: enough to round to 53, given the sign of the rest.
LEADING: Final = 4


@dataclass(frozen=True)
class Wide:
    """Some wide integers.

    Attributes:
        digits: int64 [digits, n], the lowest first.
        low: the exponent of the lowest digit, a multiple of 32.
    """

    digits: Ints
    low: int


def from_floats(values: Floats, rows: int) -> Wide:
    """Finite numbers [n] as wide integers, with room to add up ``rows`` of them."""
    low, count = _layout(values, rows)
    digits = np.empty((count, len(values)), dtype=np.int64)
    rest = values
    for index in range(count - 1, -1, -1):
        exponent = low + BITS * index
        # Cut, not rounded: the largest float64 rounded up is none.
        digit = np.trunc(_scaled(rest, -exponent))
        digits[index] = digit
        if index:
            rest = rest - _scaled(digit, exponent)
    return Wide(digits, low)


def _layout(values: Floats, rows: int) -> tuple[int, int]:
    """The exponent of the lowest digit, and how many digits hold every value and their sums."""
    size = np.abs(values)
    largest = float(size.max(initial=0.0))
    fractions = size[np.rint(size) != size]
    low = 0
    if len(fractions):
        low = (int(np.frexp(fractions.min())[1]) - 53) // BITS * BITS
    high = int(np.frexp(largest)[1])
    count = max(1, -(-(high - low) // BITS))
    return low, count + (rows > MOST_ROWS)


def _scaled(values: Floats, exponent: int) -> Floats:
    """``values * 2**exponent``."""
    if abs(exponent) < 1000:
        return values * 2.0**exponent
    return np.ldexp(values, exponent)


def from_ints(values: Ints) -> Wide:
    """Integers within 2**62 of zero [n]."""
    lowest = low_digit(values, BITS)
    return Wide(np.stack([lowest, (values - lowest) >> BITS]), 0)


def low_digit(values: Ints, bits: int) -> Ints:
    """What is left of each value after a carry: congruent modulo 2**bits, within 2**(bits - 1) of zero."""
    half = np.int64(1 << (bits - 1))
    low: Ints = ((values + half) & np.int64((1 << bits) - 1)) - half
    return low


def carried(wide: Wide, *, room: bool = False) -> Wide:
    """The same numbers with every digit but the top one within 2**31 of zero; ``room`` adds a top digit before."""
    digits = np.concatenate([wide.digits, np.zeros_like(wide.digits[:1])]) if room else wide.digits.copy()
    for index in range(len(digits) - 1):
        lowest = low_digit(digits[index], BITS)
        digits[index + 1] += (digits[index] - lowest) >> BITS
        digits[index] = lowest
    return Wide(digits, wide.low)


def canonical(wide: Wide) -> Wide:
    """The same numbers in their one shortest form: carried, without digits that are zero in all of them."""
    full = carried(carried(wide, room=True), room=True)
    used = np.flatnonzero(full.digits.any(axis=1))
    if not len(used):
        return Wide(full.digits[:1], 0)
    return Wide(full.digits[used[0] : used[-1] + 1], full.low + BITS * int(used[0]))


def prefix_sums(wide: Wide) -> Wide:
    """The sums of the first 0, 1, …, n numbers [n + 1], modulo 2**64 in each digit: differences are exact."""
    sums = np.zeros((len(wide.digits), wide.digits.shape[1] + 1), dtype=np.int64)
    np.cumsum(wide.digits, axis=1, out=sums[:, 1:])
    return Wide(sums, wide.low)


def between(prefixes: Wide, low: Ints, high: Ints) -> Wide:
    """The sums of the numbers [low, high) from their prefix sums."""
    return Wide(prefixes.digits[:, high] - prefixes.digits[:, low], prefixes.low)


def aligned(wide: Wide, low: int, count: int) -> Wide:
    """The same numbers with the lowest digit at ``low`` and ``count`` digits; both may only widen."""
    below = (wide.low - low) // BITS
    above = count - below - len(wide.digits)
    return Wide(np.pad(wide.digits, ((below, above), (0, 0))), low)


def added(first: Wide, second: Wide, sign: int = 1) -> Wide:
    """The sums, or with ``sign=-1`` the differences, of two arrays of numbers [n]."""
    low = min(first.low, second.low)
    top = max(wide.low + BITS * len(wide.digits) for wide in (first, second))
    count = (top - low) // BITS
    return Wide(aligned(first, low, count).digits + sign * aligned(second, low, count).digits, low)


def scaled(wide: Wide, factors: Ints) -> Wide:
    """Each number times its factor [n], 0 to 2**30."""
    return carried(Wide(carried(wide, room=True).digits * factors, wide.low))


def multiplied(first: Wide, second: Wide) -> Wide:
    """The products of two arrays of numbers [n]."""
    left, right = _halves(first), _halves(second)
    count = len(left) + len(right)
    columns = np.zeros((count + count % 2, first.digits.shape[1]), dtype=np.int64)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            columns[i + j] += a * b
    return carried(Wide(columns[0::2] + (columns[1::2] << HALF), first.low + second.low), room=True)


def _halves(wide: Wide) -> list[Ints]:
    """The digits in base 2**16, the lowest first, each within 2**15 of zero but for the top one."""
    halves = []
    for digit in carried(wide, room=True).digits:
        lowest = low_digit(digit, HALF)
        halves += [lowest, (digit - lowest) >> HALF]
    return halves


def rounded(wide: Wide) -> Floats:
    """The nearest float64 of each number [n], ties to even; an infinity where it is beyond the largest float64."""
    if len(wide.digits) == 1:
        return _shifted(wide.digits[0].astype(np.float64), wide.low)
    digits = carried(wide).digits
    if len(digits) == 2:
        return _shifted(digits[1] * 2.0**BITS + digits[0], wide.low)
    if len(digits) <= LEADING + 1:
        return _shifted(_rounded_digits(digits), wide.low)
    leading, exponents = _leading(digits)
    return _shifted(_rounded_digits(leading), wide.low + exponents)


def _shifted(values: Floats, exponents: int | Ints) -> Floats:
    with np.errstate(over="ignore"):
        shifted: Floats = np.ldexp(values, exponents)
    return shifted


def _rounded_digits(digits: Ints) -> Floats:
    """The nearest float64 of at most ``LEADING`` + 1 carried digits."""
    high = digits[-1] * 2.0 ** (BITS * (len(digits) - 1))
    low = np.zeros_like(high)
    rest = np.zeros_like(high)
    for index in range(len(digits) - 2, -1, -1):
        digit = digits[index] * 2.0 ** (BITS * index)
        exact = low == 0
        term = np.where(exact, digit, 0.0)
        rest = np.where(exact | (rest != 0), rest, digit)
        total = high + term
        # Both are integers below 2**160 and |term| < |high|, or high is 0: the error of the sum is exact.
        low = np.where(exact, term - (total - high), low)
        high = total
    halfway = (low * rest > 0) & ((high + 2 * low) - high == 2 * low)
    nearest: Floats = np.where(halfway, high + 2 * low, high)
    return nearest


def _leading(digits: Ints) -> tuple[Ints, Ints]:
    """Each number's four digits from the top one that is not zero, and below them the sign of what follows.

    Returns:
        Digits [5, n] and the exponent of the lowest of them, relative to the lowest of the argument [n].
    """
    padded = np.pad(digits, ((LEADING, 0), (0, 0)))
    top = len(padded) - 1 - np.argmax(padded[::-1] != 0, axis=0)
    top[~digits.any(axis=0)] = LEADING
    sign = np.zeros(digits.shape[1], dtype=np.int64)
    for index in range(len(padded) - 1, -1, -1):
        below = (sign == 0) & (index <= top - LEADING)
        sign[below] = np.sign(padded[index][below])
    rows = top - np.arange(LEADING - 1, -1, -1)[:, None]
    chosen: NDArray[np.int64] = np.concatenate([sign[None], np.take_along_axis(padded, rows, axis=0)])
    return chosen, BITS * (top - 2 * LEADING)
