"""Model ids have one spelling, an order, and never read as names."""

from __future__ import annotations

from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml8s.config.model import NAME_PATTERN
from ml8s.errors import InvalidUsage
from ml8s.registry.ids import LONGEST_NAME, ModelId, ids_of_day, is_date, is_name, parse_id

names = st.from_regex(NAME_PATTERN, fullmatch=True).filter(is_name)
dates = st.dates(date(1000, 1, 1)).map(lambda day: day.strftime("%Y%m%d"))
ids = st.builds(ModelId, names, dates, st.integers(1, 10**9 - 1))


@given(ids)
def test_an_id_is_read_back_as_it_was_written(model_id: ModelId) -> None:
    assert parse_id(str(model_id)) == model_id


@given(ids)
def test_an_id_is_no_name(model_id: ModelId) -> None:
    assert not is_name(str(model_id))


@given(st.text(alphabet="abz_019-ü .", max_size=24))
def test_whatever_is_read_as_an_id_has_one_spelling(text: str) -> None:
    try:
        model_id = parse_id(text)
    except InvalidUsage as error:
        assert error.cure
        return
    assert str(model_id) == text
    assert is_name(model_id.name)
    assert is_date(model_id.date)


@pytest.mark.parametrize(
    "text",
    ["", "fraud", "fraud_2026071", "fraud_20260732", "fraud_20260711-1", "fraud_20260711-0", "fraud_20260711-02",
     "fraud_20260711-", "Fraud_20260711", "fraud__20260711", "_20260711", "fraud_20260711\n", " fraud_20260711",
     "fraud_20260711_20260712", "x" * 37 + "_20260711", "fraud_٢٠٢٦٠٧١١", "../fraud_20260711"],
)  # fmt: skip
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidUsage):
        parse_id(text)


@pytest.mark.parametrize("text", ["fraud", "fraud_v3", "a", "f2", "x" * LONGEST_NAME, "fraud_2026071"])
def test_a_name_is_a_name(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", "Fraud", "2fraud", "fraud_", "fraud-v3", "x" * 37, "fraud_20260711", "a_00000000"]
)
def test_what_could_be_an_id_or_breaks_the_pattern_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_ids_of_a_day_count_from_a_bare_one() -> None:
    assert [str(model_id) for model_id in islice(ids_of_day("fraud", "20260711"), 3)] == [
        "fraud_20260711",
        "fraud_20260711-2",
        "fraud_20260711-3",
    ]


def test_ids_are_in_order_of_their_number_and_not_of_its_digits() -> None:
    texts = ["fraud_20260711-10", "fraud_20260711-9", "fraud_20260711", "fraud_20260710-11"]
    assert [str(model_id) for model_id in sorted(map(parse_id, texts))] == [
        "fraud_20260710-11",
        "fraud_20260711",
        "fraud_20260711-9",
        "fraud_20260711-10",
    ]
