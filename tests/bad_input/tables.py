"""Bad Parquet files and folds: damaged, hostile, of types that are not read, or beside the contract."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import base64
import datetime
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.parquet import encryption

from tests.bad_input.case import Case, Make
from tests.bad_input.snapshots import configured, file_bytes, top_with, train_table, train_with, write_snapshot
from tests.data.conftest import ROWS, sound_rows

CHECK: Final = "data check data"
VALIDATE: Final = "validate --data config.yaml"
SPLIT: Final = "run config.yaml --until split"
UNREADABLE, LARGE, BROKEN, SCHEMA, FOLDS = "ML8S-D003", "ML8S-D011", "ML8S-D005", "ML8S-D004", "ML8S-D007"


def unreadable(name: str, make: Make, *says: str, where: str = "train.parquet", command: str = CHECK) -> Case:
    return Case(name, command, UNREADABLE, says, where, make=make)


def of_type(name: str, values: Any) -> Case:
    return unreadable(f"a column of {name}", train_with(extra=values), "which ML8s does not read", "cure: drop it, or store it", where="train.parquet:extra")


def without(name: str) -> Make:
    return lambda folder: (write_snapshot(folder) / name).unlink()


def renamed(folder: Path) -> None:
    data = write_snapshot(folder)
    (data / "train.parquet").rename(data / "Train.parquet")


def empty_folder(folder: Path) -> None:
    write_snapshot(folder)
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()


def as_folder(name: str) -> Make:
    def make(folder: Path) -> None:
        path = write_snapshot(folder) / name
        path.unlink()
        path.mkdir()
    return make


def twenty_gigabytes() -> pa.Table:
    """One text of 1 MB in each of 20,000 rows: stored once as a dictionary."""
    rows = 20_000
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * (1 << 20)]))
    return pa.table({"id": pa.array(range(rows)), "city": text})


def alone(table: Callable[[], pa.Table], **options: Any) -> Make:
    """A snapshot of this table, with a contract of its columns."""
    def make(folder: Path) -> None:
        made = table()
        schema = {"ml8s:version": 1, "fields": [{"name": one.name, "type": "string" if one.name == "city" else "integer"} for one in made.schema]}
        pq.write_table(made, write_snapshot(folder, schema=schema) / "train.parquet", **options)
    return make


def wide_footer(folder: Path) -> None:
    """A file whose tail says that its footer has 17 MiB, without one to parse."""
    size = 17 << 20
    (write_snapshot(folder) / "train.parquet").write_bytes(b"PAR1" + bytes(size) + size.to_bytes(4, "little") + b"PAR1")


def lying_rows(data: bytes) -> bytes:
    """The same file whose footer tells of another number of rows: 120 (0xf0 0x01 as a zigzag varint) becomes 121."""
    at = data.index(b"\x16\xf0\x01", len(data) - 8 - int.from_bytes(data[-8:-4], "little"))
    return data[:at] + b"\x16\xf2\x01" + data[at + 3 :]


class OneKey(encryption.KmsClient):  # type: ignore[misc]
    """Keeps data keys as they are: what matters here is how the file looks to whoever has none."""

    def __init__(self, _: object) -> None:
        super().__init__()

    def wrap_key(self, key: bytes, _: str) -> str:
        return base64.b64encode(key).decode()

    def unwrap_key(self, wrapped: str, _: str) -> bytes:
        return base64.b64decode(wrapped)


def encrypted(*, plain_footer: bool, change: Callable[[bytes], bytes] = bytes) -> Make:
    """A snapshot whose column `amount` is encrypted, with a footer that anybody can read or nobody."""
    def make(folder: Path) -> None:
        table, path = pa.table(sound_rows()), write_snapshot(folder) / "train.parquet"
        how = encryption.EncryptionConfiguration(footer_key="a", column_keys={"b": ["amount"]}, plaintext_footer=plain_footer)
        keys = encryption.CryptoFactory(OneKey).file_encryption_properties(encryption.KmsConnectionConfig(), how)
        with pq.ParquetWriter(path, table.schema, encryption_properties=keys) as writer:
            writer.write_table(table)
        path.write_bytes(change(path.read_bytes()))
    return make


def without_algorithm(data: bytes) -> bytes:
    """The same footer without its field that names the algorithm: its columns alone tell of encryption then."""
    at = data.rindex(b"\x1c\x1c", 0, len(data) - 8)
    return data[:at] + bytes(len(data) - 8 - at) + data[-8:]


def flipped(data: bytes) -> bytes:
    """The same file with every byte of its pages inverted."""
    footer = int.from_bytes(data[-8:-4], "little") + 8
    return data[:40] + bytes(byte ^ 0xFF for byte in data[40 : len(data) - footer]) + data[len(data) - footer :]


def one_more(**more: Any) -> Make:
    """The sound rows ten times over, with other columns: [1,200 rows]."""
    def make(folder: Path) -> None:
        rows = sound_rows(rows=10 * ROWS)
        rows.update({name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in more.items()})
        write_snapshot(folder, rows)
    return make


def both_files(train: int, validation: int, **split: object) -> Make:
    return configured(lambda folder: write_snapshot(folder, sound_rows(rows=400), sound_rows(train, validation)), split=split)


FILES: Final = [
    Case("no snapshot", CHECK, "ML8S-D001", ("nothing lies there", "ml8s data publish"), "data"),
    Case("an empty folder", CHECK, "ML8S-D001", ("nothing lies there",), "data", make=empty_folder),
    Case("a config of no snapshot", VALIDATE, "ML8S-D001", ("nothing lies there", "mend `dataset_uri`"), "data", make=configured(empty_folder)),
    Case("no train.parquet", CHECK, "ML8S-D002", ("lacks train.parquet", "there are: schema.json"), "data", make=without("train.parquet")),
    Case("no schema.json", CHECK, "ML8S-D002", ("lacks schema.json", "there are: train.parquet"), "data", make=without("schema.json")),
    Case("a renamed train file", CHECK, "ML8S-D002", ("lacks train.parquet", "Train.parquet"), "data", make=renamed),
    Case("train.parquet is a folder", CHECK, "ML8S-D002", ("lacks train.parquet",), "data", make=as_folder("train.parquet")),
    Case("schema.json is a folder", CHECK, "ML8S-D002", ("lacks schema.json",), "data", make=as_folder("schema.json")),
    Case("a table that is not there", CHECK, "ML8S-D002", ("lacks customers.parquet",), "data", make=top_with(ml8s__tables={"customers": {"path": "customers.parquet", "schema": {"fields": [{"name": "id", "type": "integer"}]}}})),
    Case("the snapshot is a file", "data check config.yaml", "ML8S-T009", ("is a file",), "config.yaml", make=write_snapshot),
    unreadable("an empty file", file_bytes(lambda _: b""), "is empty"),
    unreadable("a CSV by another name", file_bytes(lambda _: b"id,y\n1,0\n"), "is no Parquet file", "ml8s data publish"),
    unreadable("a pickle by another name", file_bytes(lambda _: b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00cposix\nsystem\n"), "is no Parquet file"),
    unreadable("only the magic", file_bytes(lambda _: b"PAR1PAR1"), "is cut off"),
    unreadable("one byte less", file_bytes(lambda data: data[:-1]), "is cut off", "copy or write the file again"),
    unreadable("half a file", file_bytes(lambda data: data[: len(data) // 2]), "is cut off"),
    unreadable("the first kilobyte is missing", file_bytes(lambda data: data[:4] + data[1028:]), "train.parquet"),
    unreadable("a footer that is longer than the file", file_bytes(lambda data: data[:-8] + (2**31).to_bytes(4, "little") + b"PAR1"), "is cut off"),
    unreadable("a footer of zeros", file_bytes(lambda data: data[:-300] + bytes(292) + data[-8:]), "no readable Parquet file"),
    unreadable("an encrypted footer", file_bytes(lambda data: data[:-4] + b"PARE"), "is encrypted", "write it without encryption"),
    unreadable("a file that is encrypted", encrypted(plain_footer=False), "is encrypted", "write it without encryption"),
    unreadable("an encrypted column behind a plain footer", encrypted(plain_footer=True), "has encrypted columns", "write it without encryption"),
    unreadable("an encrypted column that its footer does not tell of", encrypted(plain_footer=True, change=without_algorithm), "has encrypted columns"),
    unreadable("inverted pages", file_bytes(flipped), "train.parquet"),
    unreadable("more rows than there are", file_bytes(lying_rows), "train.parquet"),
    unreadable("a validation file that is cut off", lambda folder: (write_snapshot(folder, validation=sound_rows(1000, 40)) / "validation.parquet").write_bytes(b"PAR1"), "is cut off", where="validation.parquet"),
    Case("a footer of 17 MiB", CHECK, LARGE, ("the footer of train.parquet is 17,825,792 bytes", "at most 16,777,216"), "train.parquet", make=wide_footer),
    Case("5,001 columns", CHECK, LARGE, ("5,001 columns; at most 5,000",), "train.parquet", make=train_table(lambda: pa.table({f"c{n}": [1] for n in range(5001)}))),
    Case("2 MB that expand to 20 GB", CHECK, LARGE, ("expands to",), "train.parquet", make=alone(twenty_gigabytes)),
    Case("a page of 300 MB", CHECK, LARGE, ("a page of", "write smaller pages"), "train.parquet", make=alone(lambda: pa.table({"id": pa.array(np.zeros(40_000_000, np.int64))}), use_dictionary=False, compression="zstd", data_page_size=1 << 30, max_rows_per_page=1 << 30, write_batch_size=1 << 26, row_group_size=1 << 26)),
]

TYPES: Final = [
    of_type("lists", pa.array([[1]] * ROWS)),
    of_type("structs", pa.array([{"a": 1}] * ROWS)),
    of_type("maps", pa.array([[("a", 1)]] * ROWS, pa.map_(pa.string(), pa.int64()))),
    of_type("bytes", pa.array([b"a"] * ROWS)),
    of_type("times of day", pa.array([datetime.time(1, 2)] * ROWS)),
    of_type("durations", pa.array([datetime.timedelta(1)] * ROWS)),
    of_type("nulls only", pa.nulls(ROWS)),
    unreadable("a column twice", train_table(lambda: pa.table([pa.array([1]), pa.array([2])], names=["id", "id"])), "stands twice", where="train.parquet:id"),
    unreadable("names that differ in case", train_with(ID=pa.array(range(ROWS))), "in case only", where="train.parquet:ID"),
    unreadable("a name that is not UTF-8", file_bytes(lambda data: data.replace(b"city", b"\xff\xfety")), "name is not UTF-8"),
    unreadable("names that fold to the same", train_with(**{"straße": pa.array(range(ROWS)), "STRASSE": pa.array(range(ROWS))}), "in case only", where="train.parquet:STRASSE"),
    Case("a column that the contract lacks", CHECK, SCHEMA, ("extra",), "train.parquet", make=train_with(extra=pa.array(range(ROWS)))),
    Case("a column that the file lacks", CHECK, SCHEMA, ("city",), "train.parquet", make=train_with(city=None)),
    Case("text for an integer", CHECK, SCHEMA, ("visits",), "train.parquet", make=train_with(visits=pa.array(["1"] * ROWS))),
    Case("a number for a text", CHECK, SCHEMA, ("city",), "train.parquet", make=train_with(city=pa.array(range(ROWS)))),
    Case("text for a time", CHECK, SCHEMA, ("when",), "train.parquet", make=train_with(when=pa.array(["2026-01-01"] * ROWS))),
    Case("an index column of pandas", CHECK, SCHEMA, ("__index_level_0__",), "train.parquet", make=train_with(__index_level_0__=pa.array(range(ROWS)))),
    Case("a name of control characters", CHECK, SCHEMA, ("\\x1b[31mred",), "train.parquet", make=train_with(**{"\x1b[31mred": pa.array(range(ROWS))})),
    Case("a validation file of other columns", CHECK, SCHEMA, ("validation.parquet",), "validation.parquet", make=lambda folder: write_snapshot(folder, validation={"id": pa.array([1])})),
]

SPLITS: Final = [
    Case("one row", SPLIT, "ML8S-D006", ("is constant",), "train.parquet:y", make=lambda folder: write_snapshot(folder, sound_rows(rows=1))),
    Case("three rows", SPLIT, FOLDS, ("cure: ",), "", make=lambda folder: write_snapshot(folder, sound_rows(rows=3)), before=("validate",)),
    Case("a class of five rows", SPLIT, FOLDS, ("stratified folds need 10",), "y", make=configured(one_more(y=pa.array([1] * 5 + [0] * 1195)), split={"strategy": "stratified"}), before=("validate",)),
    Case("a regression by classes", SPLIT, "ML8S-C003", ("stratified",), "config.yaml:", make=configured(one_more(), task="regression", target_column="amount", split={"strategy": "stratified"})),
    Case("one group", SPLIT, FOLDS, ("empty", "split.test"), "split", make=configured(one_more(city=["Bern"] * 1200), split={"strategy": "group", "group_column": "city"}), before=("validate",)),
    Case("groups in both files", SPLIT, FOLDS, ("stand in both", "split.overlap: allow"), "validation.parquet", make=both_files(1000, 50, strategy="group", group_column="city"), before=("validate",)),
    Case("validation is older than train", SPLIT, FOLDS, ("rows of train", "overlap: allow"), "validation.parquet", make=configured(lambda folder: write_snapshot(folder, sound_rows(400, 400), sound_rows(0, 50)), split={"strategy": "time", "time_column": "when"}), before=("validate",)),
    Case("the same rows in both files", VALIDATE, BROKEN, ("the primary key id repeats an earlier row",), "validation.parquet:id", make=lambda folder: write_snapshot(folder, sound_rows(), sound_rows(0, 40))),
    Case("two distinct times", SPLIT, FOLDS, ("too few distinct times", "a finer time column"), "split.time_column", make=configured(one_more(when=pa.array([1_767_225_600_000_000] * 600 + [1_767_225_700_000_000] * 600, pa.timestamp("us", tz="UTC"))), split={"strategy": "time", "time_column": "when"}), before=("validate",)),
    Case("a gap longer than the data", SPLIT, FOLDS, ("is empty", "a smaller gap"), "split", make=configured(one_more(), split={"strategy": "time", "time_column": "when", "gap": "3650d"}), before=("validate",)),
    Case("a test fold of everything", VALIDATE, "ML8S-C003", ("split.test",), "config.yaml:", make=configured(one_more(), split={"strategy": "random", "test": 1.0})),
    Case("a ranking of queries of one row", SPLIT, FOLDS, ("no query", "two rows"), "city", make=configured(one_more(city=[f"q{n}" for n in range(1200)]), task="ranking", target_column="visits", columns={"group": "city"}), before=("validate",)),
]


CASES: Final = [*FILES, *TYPES, *SPLITS]
