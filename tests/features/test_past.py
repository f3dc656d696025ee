"""Keys as codes, parents by key, and what a row may see of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ml8s.config.model import FeatureEngineering
from ml8s.data.dataset import Column
from ml8s.data.parquet import write_table
from ml8s.errors import AggregatesRefused
from ml8s.features.aggregates import entity_set, make_aggregates
from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.rows import NO_KEY
from ml8s.features.matrix import Source
from ml8s.features.parents import attach_parents
from ml8s.features.past import key_codes, read_past
from tests.features.snapshots import COLUMNS, DAY, START, payments, publish

DATED = {"customers": {"path": "customers.parquet", "time": "known"}}


def dated_customers(*rows: tuple[str, str, float]) -> pa.Table:
    """Rows of name, region and the day since when it is known."""
    return pa.table(
        {
            "name": [name for name, _, _ in rows],
            "region": [region for _, region, _ in rows],
            "known": pa.array([START + int(day * DAY) for *_, day in rows], pa.timestamp("us", tz="UTC")),
        }
    )


def config(**changes: object) -> FeatureEngineering:
    return FeatureEngineering.model_validate({"enabled": True, **changes}, strict=False)


def test_codes_follow_the_values_and_null_has_none() -> None:
    columns = [pa.chunked_array([["b", None], ["a", "b"]]), pa.chunked_array([[2, 1, 1, 1]])]
    codes, keys = key_codes(columns)
    assert codes.tolist() == [2, NO_KEY, 0, 1]
    assert keys == [("a", 1), ("b", 1), ("b", 2)]


def test_whole_numbers_beyond_2_to_the_53_stay_apart() -> None:
    codes, keys = key_codes([pa.chunked_array([[2**60, 2**60 + 1, 2**60]])])
    assert codes.tolist() == [0, 1, 0]
    assert keys == [(2**60,), (2**60 + 1,)]


def test_a_shuffled_snapshot_has_the_same_keys(tmp_path: Path) -> None:
    table = payments(100)
    order = np.random.default_rng(1).permutation(100)
    found = []
    for name, rows in (("plain", table), ("shuffled", table.take(pa.array(order)))):
        dataset = publish(tmp_path / name, rows)
        with Source(tmp_path / name, dataset) as source:
            entities = entity_set(source, config())
            found.append(read_past(source, entities, [AsOfFeature("n", ("shop",), "count")]))
    assert found[0].labels == found[1].labels
    assert found[0].events.keys[("shop",)][order].tolist() == found[1].events.keys[("shop",)].tolist()


def test_a_static_parent_is_joined_by_its_key(tmp_path: Path) -> None:
    dataset = publish(tmp_path, payments(50), validation=payments(20, seed=3))
    with Source(tmp_path, dataset) as source:
        attach_parents(source, entity_set(source, config()))
        rows = source.all_rows()
        names, regions = source.column("customer", rows), source.column("customers.region", rows)
    assert [("north", "south", "east")[int(name[1:]) % 3] for name in names] == regions.tolist()


def test_a_whole_number_of_a_parent_is_a_key_as_lookups_name_it(tmp_path: Path) -> None:
    (tmp_path / "snapshot").mkdir()
    zones = pa.table({"name": [f"c{i:02d}" for i in range(12)], "zone": [None, *(7 + i % 2 for i in range(11))]})
    write_table(zones, tmp_path / "snapshot/customers.parquet")
    asked = config(entities={"zone": {"key": ["zone"], "table": "customers"}})
    dataset = publish(tmp_path / "snapshot", payments(100))
    with Source(tmp_path / "snapshot", dataset) as source:
        past = make_aggregates(source, entity_set(source, asked), asked).past
    assert past.labels[("customers.zone",)] == [("7",), ("8",)]
    assert past.nulls[("customers.zone",)] > 0


def test_a_row_without_a_parent_gets_null(tmp_path: Path) -> None:
    dataset = publish(tmp_path, payments(50))
    write_table(dated_customers(("c00", "north", 0)).drop_columns(["known"]), tmp_path / "customers.parquet")
    with Source(tmp_path, dataset) as source:
        attach_parents(source, entity_set(source, config()))
        rows = source.all_rows()
        names, regions = source.column("customer", rows), source.column("customers.region", rows)
    assert regions.tolist() == ["north" if name == "c00" else None for name in names]


@pytest.mark.parametrize(("refresh", "known"), [("none", START + int(10.5 * DAY)), ("1d", START + 11 * DAY)])
def test_a_dated_parent_is_known_from_its_own_time_on(tmp_path: Path, refresh: str, known: int) -> None:
    dataset = publish(tmp_path, payments(400), tables=DATED)
    rows = (("c00", "south", 10.5), ("c00", "north", -5))
    write_table(dated_customers(*rows), tmp_path / "customers.parquet")
    with Source(tmp_path, dataset) as source:
        attach_parents(source, entity_set(source, config(refresh=refresh)))
        rows_ = source.all_rows()
        names, times = source.column("customer", rows_), source.column("at", rows_)
        regions = source.column("customers.region", rows_)
    for name, time, region in zip(names, times.tolist(), regions, strict=True):
        assert region == (None if name != "c00" else "south" if time >= known else "north")


def test_a_parent_that_holds_a_key_twice_needs_a_time(tmp_path: Path) -> None:
    dataset = publish(tmp_path, payments(50))
    table = dated_customers(("c00", "north", 0), ("c00", "south", 1)).drop_columns(["known"])
    write_table(table, tmp_path / "customers.parquet")
    with Source(tmp_path, dataset) as source, pytest.raises(AggregatesRefused, match="holds a key twice"):
        attach_parents(source, entity_set(source, config()))


def test_a_dated_parent_without_a_time_is_refused(tmp_path: Path) -> None:
    dataset = publish(tmp_path, payments(50), tables=DATED)
    table = dated_customers(("c00", "north", 0), ("c01", "south", 1))
    gone = pa.array([None, START], pa.timestamp("us", tz="UTC"))
    write_table(table.set_column(2, "known", gone), tmp_path / "customers.parquet")
    with Source(tmp_path, dataset) as source, pytest.raises(AggregatesRefused, match="1 rows of customers"):
        attach_parents(source, entity_set(source, config()))


def test_a_row_without_a_time_is_refused(tmp_path: Path) -> None:
    table = payments(50)
    gone = pa.array([None, *table["at"].to_pylist()[1:]], pa.timestamp("us", tz="UTC"))
    dataset = publish(tmp_path, table.set_column(1, "at", gone))
    with Source(tmp_path, dataset) as source:
        entities = entity_set(source, config())
        with pytest.raises(AggregatesRefused, match="1 rows have no at"):
            make_aggregates(source, entities, config())


def test_null_keys_and_windows_beyond_the_history_are_said_with_numbers(tmp_path: Path) -> None:
    table = payments(50, days=20)
    gone = pa.array([None, "", *table["customer"].to_pylist()[2:]])
    dataset = publish(tmp_path, table.set_column(2, "customer", gone))
    with Source(tmp_path, dataset) as source:
        asked = config(primitives=["count"], windows=["1d", "30d"])
        made = make_aggregates(source, entity_set(source, asked), asked)
        values = source.column("customers.COUNT(rows) 1d", source.all_rows())
    assert np.isnan(values[:2]).all()
    assert not np.isnan(values[2:]).any()
    assert made.warnings[0].startswith("2 of 50 rows have no customer")
    assert made.warnings[1].startswith("the window 30d is longer than the history of 1")


def test_times_after_as_of_stay_an_error_of_the_time_column_named(tmp_path: Path) -> None:
    dataset = replace(publish(tmp_path, payments(50)), as_of="2023-11-20T00:00:00Z")
    with Source(tmp_path, dataset) as source, pytest.raises(AggregatesRefused, match="lie after"):
        make_aggregates(source, entity_set(source, config()), config())


def test_a_column_may_not_have_the_name_of_a_feature_of_past_rows(tmp_path: Path) -> None:
    table = payments(50).append_column("customers.region", pa.array(["x"] * 50))
    columns = (*COLUMNS, Column("customers.region", "string", "feature"))
    dataset = publish(tmp_path, table, columns=columns)
    with Source(tmp_path, dataset) as source, pytest.raises(AggregatesRefused, match="the snapshot has a column"):
        make_aggregates(source, entity_set(source, config()), config())
