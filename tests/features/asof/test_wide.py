"""Wide integers are exact, and their rounding is the correct one."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ml8s.features.asof.rows import Floats
from ml8s.features.asof.wide import (
    BITS,
    Wide,
    added,
    between,
    canonical,
    from_floats,
    from_ints,
    multiplied,
    prefix_sums,
    rounded,
    scaled,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
TIES = st.sampled_from([2.0**53, 1.0, -1.0, 2.0**-60, -(2.0**-60), 2.0**54 + 4, 5e-324, 0.1, 1e22])
VALUES = hnp.arrays(np.float64, st.integers(1, 12), elements=FINITE | TIES | st.integers(-999, 999).map(float))


def exact(wide: Wide) -> list[Fraction]:
    """The numbers as fractions."""
    weights = [Fraction(2) ** (wide.low + BITS * index) for index in range(len(wide.digits))]
    return [
        sum((int(digit) * weight for digit, weight in zip(digits, weights, strict=True)), Fraction(0))
        for digits in wide.digits.T
    ]


def nearest(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_every_stretch_has_its_exact_sum_correctly_rounded(values: Floats) -> None:
    low, high = np.triu_indices(len(values) + 1)
    sums = between(prefix_sums(from_floats(values, len(values))), low, high)
    expected = [sum(map(Fraction, values[i:j]), Fraction(0)) for i, j in zip(low, high, strict=True)]
    assert exact(sums) == expected
    assert rounded(sums).tolist() == [nearest(value) for value in expected]


@settings(max_examples=60, deadline=None)
@given(VALUES, st.integers(0, 2**30))
def test_products_and_differences_are_exact(values: Floats, factor: int) -> None:
    numbers = from_floats(values, 1)
    squares = multiplied(numbers, numbers)
    difference = added(scaled(numbers, np.full(len(values), factor)), squares, -1)
    assert exact(squares) == [Fraction(value) ** 2 for value in values]
    assert exact(difference) == [factor * Fraction(value) - Fraction(value) ** 2 for value in values]


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_one_number_has_one_canonical_form(values: Floats) -> None:
    direct = canonical(from_floats(values, 1))
    around = canonical(added(added(from_floats(values, 1), from_floats(values * 0 + 1e300, 1)), _ones(values), -1))
    assert (direct.low, direct.digits.tolist()) == (around.low, around.digits.tolist())
    assert exact(direct) == [Fraction(value) for value in values]


def _ones(values: Floats) -> Wide:
    return from_floats(np.full(len(values), 1e300), 1)


@pytest.mark.parametrize("value", [0, 1, -1, 2**31, -(2**31), 2**60, -(2**60) + 1])
def test_integers_are_kept(value: int) -> None:
    assert exact(from_ints(np.array([value]))) == [value]


def test_more_rows_than_a_top_digit_holds_stay_exact() -> None:
    count = (1 << 20) + 5
    values = np.full(count, float(2**32 - 1))
    total = between(prefix_sums(from_floats(values, count)), np.array([0]), np.array([count]))
    assert rounded(total).tolist() == [float((2**32 - 1) * count)]
