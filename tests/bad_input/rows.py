"""Bad files to publish a snapshot from."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import gzip
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.case import Case, Make

GOOD: Final = "id,when,y\n" + "".join(f"{n},2026-01-{n % 28 + 1:02d}T00:00:00Z,{n % 2}\n" for n in range(60))
UNREADABLE, USAGE, SCHEMA, BROKEN = "ML8S-D003", "ML8S-C005", "ML8S-D004", "ML8S-D005"


def csv(content: str | bytes, name: str = "train.csv") -> Make:
    return lambda folder: (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def of(name: str, content: str | bytes, code: str, *says: str, more: str = "", where: str = "") -> Case:
    return Case(name, f"data publish train.csv out {more}", code, says, where, make=csv(content))


def nested(folder: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([[1], [2]])}), folder / "train.parquet")


def two_trains(folder: Path) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "train.csv").write_text(GOOD)
    (folder / "src" / "train.tsv").write_text(GOOD)


def with_schema(text: str) -> Make:
    def make(folder: Path) -> None:
        (folder / "src").mkdir()
        (folder / "src" / "train.csv").write_text(GOOD)
        (folder / "src" / "schema.json").write_text(text)
    return make


def other_columns(folder: Path) -> None:
    (folder / "train.csv").write_text(GOOD)
    (folder / "validation.csv").write_text("id,y\n1,0\n")


CASES: Final = [
    of("an empty file", b"", UNREADABLE, "cannot be read as CSV", where="train.csv"),
    of("a head line alone", "id,y\n", BROKEN, "has no rows"),
    of("a row too long", GOOD + "1,2,3,4\n", UNREADABLE, "cannot be read as CSV", where="train.csv"),
    of("a quote never closed", GOOD + '"1,2,3\n', UNREADABLE, "cannot be read as CSV", where="train.csv"),
    of("Latin-1", b"id,city\n1,Z\xfcrich\n", UNREADABLE, "not UTF-8", where="train.csv"),
    of("Latin-1 in the head", b"id,\xfcber\n1,2\n", UNREADABLE, "UTF-8", where="train.csv"),
    of("UTF-16", GOOD.encode("utf-16"), UNREADABLE, where="train.csv"),
    of("a column twice", "id,id\n1,2\n", UNREADABLE, "names columns twice", where="train.csv"),
    of("a column without a name", "id,\n1,2\n", UNREADABLE, "a column without a name", where="train.csv"),
    of("names that differ in case", "id,ID,y\n1,2,0\n2,3,1\n", UNREADABLE, "in case only: 'ID', 'id'", where="train.csv"),
    of("a Parquet file as CSV", b"PAR1\x15\x04\x15\x10" + bytes(range(256)) * 4, UNREADABLE, where="train.csv"),
    of("a column of 300 letters", "x" * 300 + ",y\n1,0\n2,1\n", SCHEMA, "no contract can be inferred", "1 to 256 characters", "rename or drop"),
    of("a key that repeats", GOOD + "7,2026-01-01T00:00:00Z,0\n", BROKEN, "the primary key id repeats an earlier row", more="--key id"),
    of("an unknown key", GOOD, USAGE, "train has no column 'nr'", "its columns: id, when, y", more="--key nr"),
    of("an unknown target", GOOD, USAGE, "train has no column 'z'", more="--target z"),
    of("a time that is a number", GOOD, USAGE, "--time names 'y', which holds int64", "ISO 8601", more="--time y"),
    of("a time after as-of", GOOD, BROKEN, "after ml8s:as_of", more="--time when --as-of 2026-01-02T00:00:00Z"),
    of("an as-of that is no time", GOOD, SCHEMA, "is no ISO 8601 time", more="--as-of soon"),
    of("a table without a file", GOOD, USAGE, "is no NAME=FILE", more="--table customers"),
    of("a table that is not there", GOOD, "ML8S-D002", "there is no file customers.csv", more="--table customers=customers.csv"),
    of("a table above the folder", GOOD, USAGE, "'../../up' is no name of a table", "lower-case letters", more="--table ../../up=train.csv"),
    of("a table at the root", GOOD, USAGE, "is no name of a table", more="--table {folder}/mine=train.csv"),
    of("a table of capitals", GOOD, USAGE, "'Customers' is no name of a table", more="--table Customers=train.csv"),
    of("a table called schema.json", GOOD, USAGE, "is no name of a table", more="--table schema.json=train.csv"),
    of("a validation that is not there", GOOD, "ML8S-D002", "there is no file nothing.csv", more="--validation nothing.csv"),
    Case("no source", "data publish out", USAGE, ("none of the files is train", "--train FILE")),
    Case("a source that is not there", "data publish nothing.csv out", USAGE, ("there is no nothing.csv",)),
    Case("a spreadsheet", "data publish train.xlsx out", USAGE, ("none of the files is train",), make=csv(b"PK\x03\x04", "train.xlsx")),
    Case("a spreadsheet as train", "data publish --train train.xlsx out", USAGE, ("neither CSV nor Parquet",), make=csv(b"PK\x03\x04", "train.xlsx")),
    Case("a gzip that is none", "data publish train.csv.gz out", UNREADABLE, ("train.csv.gz",), make=csv(GOOD, "train.csv.gz")),
    Case("a gzip that is cut off", "data publish train.csv.gz out", UNREADABLE, ("train.csv.gz",), make=csv(gzip.compress(GOOD.encode() * 50)[:-200], "train.csv.gz")),
    Case("nested Parquet", "data publish train.parquet out", UNREADABLE, ("which ML8s does not read",), "train.parquet:a", make=nested),
    Case("an empty folder", "data publish . out", USAGE, ("none of the files is train",)),
    Case("two trains", "data publish src out", USAGE, ("are both train",), make=two_trains),
    Case("a schema that is none", "data publish src out", SCHEMA, ("is not JSON",), "schema.json", make=with_schema("{")),
    Case("a schema of other columns", "data publish src out", SCHEMA, ("is declared and not in train.parquet",), "train.parquet:x", make=with_schema('{"ml8s:version": 1, "fields": [{"name": "x", "type": "integer"}]}')),
    Case("train and validation of other columns", "data publish train.csv validation.csv out", UNREADABLE, ("train.parquet has the column 'when' and validation.parquet lacks it",), "validation.parquet:when", make=other_columns),
]
