"""The engine against the plainly written definitions, and against itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml8s.features.asof import block as block_module
from ml8s.features.asof.engine import compute
from ml8s.features.asof.feature import AsOfFeature, Child
from ml8s.features.asof.rows import Events, Floats, Queries
from tests.features.asof.reference import as_of
from tests.features.asof.tables import (
    ALL,
    CUSTOMER,
    DAY,
    HOUR,
    REGION,
    TERMINAL,
    asking,
    bits,
    feature,
    histories,
    history,
    taken,
)

REFRESHES = st.sampled_from([None, HOUR, DAY])


def assert_equal_bits(found: Floats, expected: Floats) -> None:
    """Equal to the bit, but for the sign of zero, with the first feature that differs."""
    for index, item in enumerate(ALL[: found.shape[1]]):
        np.testing.assert_array_equal(found[:, index], expected[:, index], err_msg=str(item))


@settings(max_examples=60, deadline=None)
@given(histories(wild=True), REFRESHES, st.data())
def test_each_feature_is_the_correctly_rounded_value_of_its_definition(
    events: Events, refresh: int | None, data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=25, unique=True))
    found = compute(chosen, events, asking(events), refresh=refresh)
    for index, item in enumerate(chosen):
        np.testing.assert_array_equal(found[:, index], as_of(item, events, asking(events), refresh), str(item))


@pytest.mark.parametrize("refresh", [None, DAY])
def test_a_realistic_history_gives_the_values_of_the_definitions(refresh: int | None) -> None:
    events = history(150)
    found = compute(ALL, events, asking(events), refresh=refresh)
    expected = np.stack([as_of(item, events, asking(events), refresh) for item in ALL], axis=1)
    assert_equal_bits(found, expected)
