"""Rows to predict from every format, and what scores say."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ml8s.errors import InvalidRows, InvalidUsage
from ml8s.features.manifest import FeatureManifest
from ml8s.runner.prediction import answers
from ml8s.runner.rows import read_rows

COLUMNS = (("amount", "number"), ("visits", "integer"), ("new", "boolean"), ("city", "string"))
MANIFEST: FeatureManifest = SimpleNamespace(  # type: ignore[assignment]
    columns=[SimpleNamespace(name=name, type=type_) for name, type_ in COLUMNS], key_types={"shop": "integer"}
)
ROWS = [
    {"amount": 1.5, "visits": 3, "new": True, "city": "07"},
    {"amount": None, "visits": 4, "new": False, "city": "Ulm, old"},
]


def write(folder: Path, suffix: str) -> str:
    path = folder / f"rows{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps(ROWS))
    elif suffix == ".csv":
        path.write_text('amount,visits,new,city\n1.5,3,true,07\n,4,False,"Ulm, old"\n\n')
    elif suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    else:
        path.write_text("\n".join(map(json.dumps, ROWS)))
    return str(path)


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson", ".csv", ".parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    assert read_rows(write(tmp_path, suffix), MANIFEST) == ROWS


def test_the_keys_of_a_csv_have_the_types_of_their_entities(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("shop,city\n1152921504606846977,07\n")
    assert read_rows(str(tmp_path / "rows.csv"), MANIFEST) == [{"shop": 1152921504606846977, "city": "07"}]


def test_one_object_is_one_row_and_stdin_is_json_or_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (json.dumps(ROWS), "\n".join(map(json.dumps, ROWS))):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
        assert read_rows("-", MANIFEST) == ROWS
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(ROWS[0]).encode())))
    assert read_rows("-", MANIFEST) == ROWS[:1]


def test_a_cell_that_is_not_of_its_columns_type_stays_text_for_the_check_of_all_rows(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("amount,visits,new\nmany,3.5,perhaps\n")
    assert read_rows(str(tmp_path / "rows.csv"), MANIFEST) == [{"amount": "many", "visits": "3.5", "new": "perhaps"}]


@pytest.mark.parametrize(
    ("suffix", "content"),
    [(".json", b"7"), (".json", b"[1]"), (".json", b"\xff"), (".jsonl", b"{"), (".csv", b"a,b\n1\n"), (".csv", b"\xff"),
     (".parquet", b"PAR1"), (".json", b"[" * 100_000)],
)  # fmt: skip
def test_what_holds_no_rows_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"rows{suffix}").write_bytes(content)
    with pytest.raises(InvalidRows, match="holds no rows"):
        read_rows(str(tmp_path / f"rows{suffix}"), MANIFEST)


@pytest.mark.parametrize(
    ("suffix", "content", "what"),
    [
        (".csv", "amount,visits,amount\n1.5,3,2.5\n", "its header"),
        (".json", '[{"visits": 3}, {"amount": 1.5, "amount": 2.5}]', "an object"),
        (".jsonl", '{"visits": 3}\n{"amount": 1.5, "amount": 2.5}\n', "an object"),
    ],
)
def test_a_column_that_stands_twice_is_refused_by_name(tmp_path: Path, suffix: str, content: str, what: str) -> None:
    (tmp_path / f"rows{suffix}").write_text(content)
    with pytest.raises(InvalidRows, match=f"{what} names columns twice: 'amount'"):
        read_rows(str(tmp_path / f"rows{suffix}"), MANIFEST)


def test_a_file_that_is_not_there_or_of_no_known_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidUsage, match="No such file"):
        read_rows(str(tmp_path / "rows.json"), MANIFEST)
    with pytest.raises(InvalidUsage, match="no format"):
        read_rows(str(tmp_path / "rows.xlsx"), MANIFEST)


CELLS = [
    " 1 ",
    "1_000",
    "nan",
    "NaN",
    "Inf",
    "-inf",
    "infinity",
    "+1",
    "-1",
    "1.",
    "1.5",
    ".5",
    "1e5",
    "1E+5",
    "0x1F",
    "0x",
    "1e400",
    "true",
    "True",
    "TRUE",
    "tRue",
    "1",
    "0",
    "t",
    "false",
    "FALSE",
    " true ",
    " ",
    "\t1",
    "N/A",
    "null",
    "none",
    "9223372036854775808",
    "-9223372036854775808",
    "007",
    "-0",
    "1e",
    "\uff11",
    "+inf",
    "#NA",
    "1 2",
    "\xa01",
    "-.5",
    "-",
    ".",
]


@pytest.mark.parametrize(("column", "stored"), [("amount", "double"), ("visits", "int64"), ("new", "bool")])
def test_cells_of_a_csv_are_read_as_publishing_reads_them(tmp_path: Path, column: str, stored: str) -> None:
    import pyarrow
    from pyarrow import csv

    path = tmp_path / "rows.csv"
    for cell in [*CELLS, *csv.ConvertOptions().null_values]:
        path.write_text(f'{column},city\n"{cell}",x\n', encoding="utf-8")
        ours = read_rows(str(path), MANIFEST)[0][column]
        options = csv.ConvertOptions(strings_can_be_null=False, column_types={column: pyarrow.type_for_alias(stored)})
        try:
            theirs = csv.read_csv(path, convert_options=options)[column][0].as_py()
        except pyarrow.ArrowInvalid:
            theirs = cell
        assert repr(ours) == repr(theirs), cell


@pytest.mark.parametrize("separator", ["\u2028", "\u0085", "\x0c", "\r"])
def test_only_a_line_feed_ends_a_json_line(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps({"city": f"a{separator}b"}, ensure_ascii=separator < " "), '{"city": "c"}', ""]
    path.write_bytes("\r\n".join(lines).encode())
    assert read_rows(str(path), MANIFEST) == [{"city": f"a{separator}b"}, {"city": "c"}]


def test_what_is_no_json_is_told_as_a_whole_and_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[\n{"amount": 1},\n{"amount": }\n]\n')
    with pytest.raises(InvalidRows, match=r"neither JSON \(Expecting value: line 3 .*JSON lines \(line 1: Expecting"):
        read_rows(str(path), MANIFEST)


def test_a_binary_score_becomes_a_class_by_the_threshold() -> None:
    target = {"classes": ["no", "yes"], "positive": 1}
    found = answers("binary", target, 0.3, np.array([0.25, 0.3]))
    assert found[0] == {"prediction": "no", "score": 0.25, "scores": {"no": 0.75, "yes": 0.25}}
    assert found[1]["prediction"] == "yes"
    assert answers("binary", {"classes": [0, 1], "positive": 0}, None, np.array([0.5]))[0]["prediction"] == 0


def test_classes_that_are_booleans_are_named_as_json_spells_them() -> None:
    found = answers("binary", {"classes": [False, True], "positive": 1}, None, np.array([0.75]))
    assert found == [{"prediction": True, "score": 0.75, "scores": {"false": 0.25, "true": 0.75}}]


def test_the_first_of_equally_likely_classes_is_predicted() -> None:
    target = {"classes": ["a", "b", "c"], "positive": None}
    found = answers("multiclass", target, None, np.array([[0.4, 0.4, 0.2]]))
    assert found == [{"prediction": "a", "score": 0.4, "scores": {"a": 0.4, "b": 0.4, "c": 0.2}}]


@pytest.mark.parametrize("kind", ["regression", "ranking"])
def test_a_value_is_its_own_prediction(kind: str) -> None:
    assert answers(kind, {}, None, np.array([1.5])) == [{"prediction": 1.5, "value": 1.5}]
