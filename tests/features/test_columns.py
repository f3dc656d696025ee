from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ml8s.artifacts import describe_folder
from ml8s.data.dataset import Column, DataFile, Dataset, Target
from ml8s.data.parquet import write_table
from ml8s.errors import InvalidRows
from ml8s.features.apply import NULL_TIME, apply
from ml8s.features.columns import MOST_PROBLEMS, column_values, columns_from_rows, read_columns, unknown_columns
from ml8s.features.manifest import FeatureManifest, SourceColumn

from .tables import manifest_of, realistic

ROWS = [
    {"n": 1.5, "i": 3, "b": True, "s": "x", "t": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "d": date(2026, 1, 2)},
    {"n": None, "i": None, "b": None, "s": None, "t": None, "d": None},
    {"n": -0.0, "i": -7, "b": False, "s": "", "t": datetime(1960, 1, 1, tzinfo=UTC), "d": date(1960, 1, 1)},
]
TYPES = {"n": "number", "i": "integer", "b": "boolean", "s": "string", "t": "time", "d": "date"}


def manifest(nullable: bool = True, missing: tuple[str, ...] = ()) -> FeatureManifest:
    columns = tuple(SourceColumn(name, type_, nullable) for name, type_ in TYPES.items())
    return FeatureManifest({}, "binary", {}, columns, ("key",), (), missing_values=missing)


def snapshot(folder: Path, missing: tuple[str, ...] = ()) -> Dataset:
    table = pa.Table.from_pylist(ROWS)
    write_table(table, folder / "train.parquet")
    write_table(table.slice(0, 1), folder / "validation.parquet")
    return Dataset(
        kind="binary",
        metric="roc_auc",
        manifest=describe_folder("snapshot", folder),
        files=(DataFile("train.parquet", 3), DataFile("validation.parquet", 1)),
        target=Target("b", "boolean"),
        columns=tuple(Column(name, type_, "feature") for name, type_ in TYPES.items()),
        missing_values=missing,
    )


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name, values in one.items():
        assert values.dtype == other[name].dtype
        np.testing.assert_array_equal(values, other[name])


def test_parquet_and_json_rows_give_the_same_columns(tmp_path: Path) -> None:
    dataset = snapshot(tmp_path, missing=("",))
    read = read_columns(tmp_path, 0, list(TYPES), None, dataset)
    texts = [{k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()} for row in ROWS]
    same(read, columns_from_rows(texts, manifest(missing=("",))))
    same(read, columns_from_rows(ROWS, manifest(missing=("",))))
    assert read["s"].tolist() == ["x", None, None]
    assert read["t"][1] == NULL_TIME


def test_rows_are_given_in_the_order_asked(tmp_path: Path) -> None:
    dataset = snapshot(tmp_path)
    read = read_columns(tmp_path, 0, ["i", "s"], np.array([2, 0]), dataset)
    assert read["i"].tolist() == [-7, 3]
    assert read["s"].tolist() == ["", "x"]
    assert read_columns(tmp_path, 1, ["i"], None, dataset)["i"].tolist() == [3]


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        (pa.array([1, 2], pa.int8()), "integer", [1.0, 2.0]),
        (pa.array([Decimal("1.25"), Decimal("2.50")]), "number", [1.25, 2.5]),
        (pa.array([1.5, 2.5], pa.float16()), "number", [1.5, 2.5]),
        (pa.array([7], pa.timestamp("s")), "time", [7_000_000]),
        (pa.array([7_999], pa.timestamp("ns")), "time", [7]),
        (pa.array([1], pa.date32()), "date", [86_400_000_000]),
        (pa.array([86_400_000], pa.date64()), "date", [86_400_000_000]),
        (pa.array(["a", None, "a"]).dictionary_encode(), "string", ["a", None, "a"]),
        (pa.array(["a"], pa.large_string()), "string", ["a"]),
        (pa.array([True, False]), "boolean", [1.0, 0.0]),
    ],
)
def test_every_stored_type_is_read(values: pa.Array, type_: str, expected: list[object]) -> None:
    assert column_values(pa.chunked_array([values]), type_).tolist() == expected


def test_chunks_with_other_dictionaries_are_one_column() -> None:
    chunks = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["b", "c"]).dictionary_encode()]
    assert column_values(pa.chunked_array(chunks), "string").tolist() == ["a", "b", "b", "c"]


def test_a_column_without_rows_is_read() -> None:
    for type_, stored in (("string", pa.string()), ("number", pa.float64()), ("time", pa.timestamp("us"))):
        assert len(column_values(pa.chunked_array([], type=stored), type_)) == 0


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("n", "1.5", "n is '1.5' (str), expected a finite number"),
        ("n", math.inf, "n is inf (float), expected a finite number"),
        ("n", True, "n is True (bool), expected a finite number"),
        ("n", 10**400, "expected a finite number"),
        ("i", 1.5, "i is 1.5 (float), expected a whole number"),
        ("b", 1, "b is 1 (int), expected true or false"),
        ("s", 3, "s is 3 (int), expected a text"),
        ("t", "soon", "t is 'soon' (str), expected an ISO 8601 time"),
        ("t", 1_700_000_000, "expected an ISO 8601 time"),
        ("d", "2026-02-30", "expected a date such as"),
        ("d", [1], "expected a date such as"),
        ("s", "y" * 100, None),
    ],
)
def test_a_value_of_another_type_is_named_with_its_row(column: str, value: object, message: str | None) -> None:
    rows = [{}, {column: value}]
    if message is None:
        assert columns_from_rows(rows, manifest())[column][1] == value
        return
    with pytest.raises(InvalidRows) as caught:
        columns_from_rows(rows, manifest())
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.where == "row 2"
    assert problem.cure


def test_a_null_is_refused_where_training_saw_none() -> None:
    with pytest.raises(InvalidRows) as caught:
        columns_from_rows([{"n": None, "i": 1, "b": True, "s": "x", "t": "2026-01-01"}], manifest(nullable=False))
    assert [problem.message for problem in caught.value.problems] == [
        "n is null; no row of training was without it",
        "d is missing; no row of training was without it",
    ]


def test_problems_come_in_the_order_of_rows_and_are_bounded() -> None:
    with pytest.raises(InvalidRows) as caught:
        columns_from_rows([{"i": "x", "n": "y"}] * 30, manifest())
    problems = caught.value.problems
    assert len(problems) == MOST_PROBLEMS
    assert "60 values" in caught.value.message
    assert [problem.where for problem in problems[:3]] == ["row 1", "row 1", "row 2"]


def test_other_columns_are_ignored_and_unknown_ones_named() -> None:
    rows = [{"n": 1.0, "key": 4, "ammount": 2}]
    assert columns_from_rows(rows, manifest())["n"].tolist() == [1.0]
    assert unknown_columns(rows, manifest()) == ["ammount"]


def test_json_rows_give_the_bits_of_the_batch() -> None:
    columns = realistic(2_000)
    learned = manifest_of(columns)
    epoch = datetime(1970, 1, 1, tzinfo=UTC).timestamp()
    rows = []
    for i in range(50):
        at = datetime.fromtimestamp(epoch + int(columns["at"][i]) // 1_000_000, UTC)
        at = at.replace(microsecond=int(columns["at"][i]) % 1_000_000)
        born = int(columns["born"][i])
        rows.append(
            {
                "at": at.isoformat(),
                "amount": float(columns["amount"][i]),
                "items": int(columns["items"][i]),
                "member": None if np.isnan(columns["member"][i]) else bool(columns["member"][i]),
                "country": columns["country"][i],
                "merchant": columns["merchant"][i],
                "born": None if born == NULL_TIME else date.fromordinal(719163 + born // 86_400_000_000).isoformat(),
            }
        )
    batch = apply(learned, columns)[:50]
    assert apply(learned, columns_from_rows(rows, learned)).tobytes() == np.ascontiguousarray(batch).tobytes()
