"""What the validate step finds in bad data: every rule, with its count and first rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ml8s.data.dataset import Dataset
from ml8s.data.snapshot import open_snapshot, snapshot_manifest
from ml8s.data.validation import validate_snapshot
from ml8s.data.violations import Violation, violation_error
from ml8s.errors import ContractViolation, InvalidSchema, UnsuitableTarget
from tests.data.bad_data import BY_TIME, CASES, INF, NAN, Case, put
from tests.data.conftest import ROWS, constrain, contract, make_config, sound_rows


def check(folder: Path, **config: Any) -> Dataset:
    snapshot = open_snapshot(folder)
    return validate_snapshot(snapshot, snapshot_manifest(snapshot), make_config(**config))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_data_is_refused_with_its_place_count_and_rows(case: Case, write_snapshot: Callable[..., Path]) -> None:
    train = sound_rows()
    validation = sound_rows(1000, 40) if case.validation else None
    if case.train:
        case.train(train)
    if case.validation and validation is not None:
        case.validation(validation)
    schema = contract(sound_rows())
    if case.schema:
        case.schema(schema)
    folder = write_snapshot(train, validation, schema)
    with pytest.raises(ContractViolation) as caught:
        check(folder, **case.config)
    report: Any = caught.value.report
    json.dumps(report, allow_nan=False)
    found = [
        one for one in report["violations"]
        if one["rule"] == case.rule and one["column"] == case.column and one["table"] == case.table
    ]  # fmt: skip
    assert found, report["violations"]
    text = found[0]["message"] + " " + found[0]["cure"]
    assert any(part in text for part in case.says.split("|")), text
    if case.count is not None:
        assert found[0]["count"] == case.count
    if case.rows is not None:
        assert list(found[0]["rows"]) == case.rows
    assert caught.value.exit_status == 2
    assert all(problem.cure and problem.where for problem in caught.value.problems)


def test_a_sound_snapshot_becomes_a_dataset(write_snapshot: Callable[..., Path]) -> None:
    found = check(write_snapshot(validation=sound_rows(1000, 40)), columns={"ignore": ("born",), "weight": "visits"})
    assert (found.kind, found.metric, found.rows) == ("binary", "roc_auc", ROWS + 40)
    assert found.target.classes == (0, 1)
    assert found.target.positive == 1
    assert sum(found.target.rows or ()) == ROWS + 40
    assert {column.name: column.role for column in found.columns} == {
        "id": "key", "amount": "feature", "visits": "weight", "city": "feature", "member": "feature",
        "when": "feature", "born": "ignore", "y": "target",
    }  # fmt: skip
    assert found.identity == ("id",)
    assert found.warnings == ()


def test_the_dataset_reads_back_as_it_was_written(write_snapshot: Callable[..., Path], tmp_path: Path) -> None:
    from ml8s.data.dataset import read_dataset, write_dataset

    found = check(write_snapshot(), **BY_TIME)
    write_dataset(tmp_path, found)
    assert read_dataset(tmp_path) == found
    assert read_dataset(tmp_path).column("when").role == "time"


def test_an_infinity_in_an_ignored_column_is_allowed(write_snapshot: Callable[..., Path]) -> None:
    rows = sound_rows()
    put("amount", 6, INF)(rows)
    assert check(write_snapshot(rows), columns={"ignore": ("amount",)}).rows == ROWS


def test_null_and_nan_are_counted_together(write_snapshot: Callable[..., Path]) -> None:
    rows, more = sound_rows(), sound_rows(1000, 40)
    put("amount", slice(0, 4), NAN)(rows)
    put("amount", slice(8, 10), None)(rows)
    put("amount", 0, None)(more)
    assert check(write_snapshot(rows, more)).column("amount").nulls == 7


def test_all_violations_come_at_once(write_snapshot: Callable[..., Path]) -> None:
    rows, schema = sound_rows(), contract(sound_rows())
    put("amount", 3, INF)(rows)
    put("id", 4, 1)(rows)
    put("y", 5, None)(rows)
    constrain(schema, "city", enum=["Bern"])
    with pytest.raises(ContractViolation) as caught:
        check(write_snapshot(rows, schema=schema))
    rules = {one["rule"] for one in caught.value.report["violations"]}  # type: ignore[attr-defined]
    assert rules == {"infinite", "primary_key", "target", "enum"}


def test_only_a_bad_target_is_an_error_of_its_own(write_snapshot: Callable[..., Path]) -> None:
    with pytest.raises(UnsuitableTarget, match="cannot be learned"):
        check(write_snapshot(), target_column="when")


def test_at_most_twenty_problems_are_shown_and_all_are_reported(write_snapshot: Callable[..., Path]) -> None:
    rows = {"id": pa.array(range(60)), "y": pa.array([0, 1, 1] * 20)}
    rows |= {f"c{index}": pa.array([INF] * 60) for index in range(30)}
    with pytest.raises(ContractViolation, match="the first 20 are shown") as caught:
        check(write_snapshot(rows))
    assert len(caught.value.problems) == 20
    assert len(caught.value.report["violations"]) == 30  # type: ignore[arg-type]


def test_values_of_columns_that_are_not_logged_are_not_reported(write_snapshot: Callable[..., Path]) -> None:
    rows, schema = sound_rows(), contract(sound_rows())
    put("city", 3, "secret")(rows)
    constrain(schema, "city", enum=["Bern", "Oslo", "Rome", "Lima"], ml8s_log="hash")
    with pytest.raises(ContractViolation) as caught:
        check(write_snapshot(rows, schema=schema))
    assert "secret" not in json.dumps(caught.value.report)
    assert "secret" not in str([problem.message for problem in caught.value.problems])


def test_rows_in_both_files_are_a_counted_warning_without_a_key(write_snapshot: Callable[..., Path]) -> None:
    rows = sound_rows()
    put("city", slice(0, 5), None)(rows)
    more = {name: pa.concat_arrays([values[:3], sound_rows(1000, 30)[name]]) for name, values in rows.items()}
    schema = contract(rows)
    del schema["primaryKey"]
    warnings = check(write_snapshot(rows, more, schema)).warnings
    assert any(text.startswith("3 rows of validation.parquet also stand in train.parquet") for text in warnings)
    assert any("no primary key" in text for text in warnings)


def test_a_foreign_key_is_found_in_its_table(write_snapshot: Callable[..., Path]) -> None:
    rows = sound_rows()
    cities = {"city": pa.array(["Bern", "Oslo", "Rome"]), "people": pa.array([1, 2, 3])}
    inner = {
        "fields": [{"name": "city", "type": "string"}, {"name": "people", "type": "integer"}],
        "primaryKey": "city",
    }
    more = {
        "ml8s:tables": {"cities": {"path": "more/cities.parquet", "schema": inner, "time": None}},
        "foreignKeys": [{"fields": "city", "reference": {"resource": "cities", "fields": "city"}}],
    }
    (folder := write_snapshot(rows, schema=contract(rows, **more)), (folder / "more").mkdir())
    from ml8s.data.parquet import write_table

    write_table(pa.table(cities), folder / "more/cities.parquet")
    with pytest.raises(ContractViolation) as caught:
        check(folder)
    found: Any = caught.value.report["violations"]
    assert [(one["rule"], one["count"], one["values"][0]) for one in found] == [("foreign_key", ROWS // 4, "Lima")]
    cities = {"city": pa.array(["Bern", "Oslo", "Rome", "Lima"]), "people": pa.array([1, 2, 3, 4])}
    write_table(pa.table(cities), folder / "more/cities.parquet")
    found_dataset = check(folder)
    assert found_dataset.column("city").role == "key"
    assert "more/cities.parquet" in [entry.path for entry in found_dataset.manifest.files]


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("city", [1] * ROWS, "declared as string and stored as int64"),
        ("amount", ["1"] * ROWS, "declared as number and stored as string"),
        ("member", [1] * ROWS, "declared as boolean and stored as int64 (0 and 1 are integers)"),
        ("when", ["2026-01-01"] * ROWS, "declared as datetime and stored as string"),
        ("born", pa.array([1] * ROWS, pa.timestamp("us")), "declared as date and stored as timestamp[us]"),
    ],
)
def test_a_type_that_does_not_fit_the_contract_is_refused(
    column: str, values: Any, says: str, write_snapshot: Callable[..., Path]
) -> None:
    rows = sound_rows()
    rows[column] = pa.array(values)
    with pytest.raises(InvalidSchema) as caught:
        check(write_snapshot(rows, schema=contract(sound_rows())))
    assert [problem.message.split("' is ")[1] for problem in caught.value.problems] == [says]


def test_columns_and_fields_must_be_the_same(write_snapshot: Callable[..., Path]) -> None:
    rows = sound_rows()
    rows["new"] = rows.pop("visits")
    with pytest.raises(InvalidSchema) as caught:
        check(write_snapshot(rows, schema=contract(sound_rows())))
    assert [problem.where for problem in caught.value.problems] == ["train.parquet:visits", "train.parquet:new"]


@pytest.mark.parametrize("stored", [pa.int8(), pa.uint16(), pa.int32(), pa.float32(), pa.float64()])
def test_every_stored_form_of_an_integer_is_read(stored: pa.DataType, write_snapshot: Callable[..., Path]) -> None:
    rows = sound_rows()
    rows["y"] = rows["y"].cast(stored)
    found = check(write_snapshot(rows, schema=contract(sound_rows())))
    assert found.target.classes == (0, 1)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_time_is_read(unit: str, write_snapshot: Callable[..., Path]) -> None:
    rows = sound_rows()
    rows["when"] = rows["when"].cast(pa.timestamp(unit))
    schema = contract(rows, **{"ml8s:as_of": "2026-01-05T23:00:00Z"})
    assert check(write_snapshot(rows, schema=schema), **BY_TIME).column("when").type == "time"
    schema = contract(rows, **{"ml8s:as_of": "2026-01-05T22:59:59Z"})
    with pytest.raises(ContractViolation):
        check(write_snapshot(rows, schema=schema), **BY_TIME)


def test_the_last_cure_says_what_must_be_mended() -> None:
    named = Violation("columns", "train.parquet", "x", "the config names 'x'", "did you mean 'y'?", of_config=True)
    broken = Violation("minimum", "train.parquet", "y", "'y' is below 0", "raise it", count=2, rows=(0, 4))
    cures = [violation_error(found, []).cure for found in ([named], [broken], [named, broken])]
    assert cures[0] == "mend the config: the snapshot needs no change"
    assert cures[1] == "mend the data or the contract and publish a new snapshot"
    assert "config" in cures[2]
    assert "publish a new snapshot" in cures[2]


@pytest.mark.parametrize(
    "config", [{"target_column": "no_such"}, {"columns": {"weight": "no_such"}}, {"positive_class": "never"}]
)
def test_a_config_that_names_what_the_snapshot_lacks_is_what_must_be_mended(
    write_snapshot: Callable[..., Path], config: dict[str, Any]
) -> None:
    with pytest.raises(ContractViolation) as caught:
        check(write_snapshot(sound_rows(), None, contract(sound_rows())), **config)
    assert caught.value.cure.startswith("mend the config")
    assert "publish" not in caught.value.cure
