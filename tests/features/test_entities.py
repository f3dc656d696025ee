from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ml8s.config.model import FeatureEngineering
from ml8s.data.dataset import Column, Dataset, Target
from ml8s.errors import AggregatesRefused
from ml8s.features.entities import Entity, EntitySet, build_entity_set, find_parents, key_candidates
from tests.features.snapshots import COLUMNS, payments, publish

TYPES = {"customers": {"name": "string", "region": "string", "since": "date", "score": "number"}}


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return publish(tmp_path, payments(20))


def entities(dataset: Dataset, **config: object) -> EntitySet:
    asked = FeatureEngineering.model_validate({"enabled": True, **config}, strict=False)
    return build_entity_set(dataset, asked, find_parents(dataset, TYPES))


def test_foreign_keys_and_columns_with_the_role_of_a_key_are_entities(dataset: Dataset) -> None:
    found = entities(dataset)
    assert [(e.name, e.key, e.types) for e in found.entities] == [
        ("customers", ("customer",), ("string",)),
        ("shop", ("shop",), ("integer",)),
    ]
    assert found.values == (("amount", "number"), ("channel", "string"))
    assert (found.time_column, found.refresh, found.label) == ("at", 86_400_000_000, None)


def test_a_primary_key_of_one_column_names_the_row_and_is_no_entity(dataset: Dataset) -> None:
    columns = tuple(c for c in COLUMNS if c.name not in ("customer", "shop"))
    assert entities(replace(dataset, foreign_keys=(), columns=columns)).entities == ()


def test_the_columns_of_a_composite_primary_key_are_entities(dataset: Dataset) -> None:
    found = entities(replace(dataset, primary_key=("customer", "shop"), foreign_keys=()))
    assert [e.name for e in found.entities] == ["id", "customer", "shop"]


def test_the_config_adds_an_entity_of_a_parent_table(dataset: Dataset) -> None:
    found = entities(dataset, entities={"region": {"key": ["region"], "table": "customers", "ignore": ["channel"]}})
    assert found.entities[-1] == Entity(
        "region", ("customers.region",), ("string",), "customers", frozenset({"channel"})
    )


def test_an_entity_set_comes_back_from_json(dataset: Dataset) -> None:
    found = entities(dataset, label_history={"delay": "7d"}, refresh="none")
    back = EntitySet.from_json(found.to_json())
    assert back == replace(found, values=())
    assert (back.refresh, back.label, back.delay) == (None, "y", 7 * 86_400_000_000)


def test_without_a_time_column_aggregates_are_refused_with_the_reason(dataset: Dataset) -> None:
    with pytest.raises(AggregatesRefused, match="nobody knows which rows were earlier") as caught:
        entities(replace(dataset, time_column=None))
    assert "feature_engineering.time_column" in caught.value.cure


@pytest.mark.parametrize(
    ("config", "message", "cure"),
    [
        ({"time_column": "att"}, "does not have", "did you mean 'at'"),
        ({"time_column": "amount"}, "which is a number", "times or dates"),
        ({"entities": {"custmers": {"ignore": ["amount"]}}}, "names no such entity", "did you mean 'customers'"),
        ({"entities": {"region": {"key": ["regoin"], "table": "customers"}}}, "no column 'regoin'", "'region'"),
        ({"entities": {"region": {"key": ["region"], "table": "customer"}}}, "no parent table", "'customers'"),
        ({"entities": {"score": {"key": ["score"], "table": "customers"}}}, "is a number", "whole numbers"),
        ({"entities": {"label": {"key": ["y"]}}}, "is the target", "whole numbers"),
        ({"entities": {"customers": {"ignore": ["amuont"]}}}, "no column 'amuont'", "'amount'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_suggestion(
    dataset: Dataset, config: dict[str, object], message: str, cure: str
) -> None:
    with pytest.raises(AggregatesRefused, match=message) as caught:
        entities(dataset, **config)
    assert cure in caught.value.cure


def test_columns_that_could_be_keys_are_the_texts_and_whole_numbers(dataset: Dataset) -> None:
    more = (*COLUMNS, Column("card", "integer", "feature"))
    assert key_candidates(replace(dataset, columns=more)) == ("channel", "card")


def test_several_classes_have_no_history(dataset: Dataset) -> None:
    several = replace(dataset, kind="multiclass", target=Target("y", "string", ("a", "b", "c")))
    with pytest.raises(AggregatesRefused, match="its 3 classes are no numbers"):
        entities(several, label_history={"delay": "7d"})
