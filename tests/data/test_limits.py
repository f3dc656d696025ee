"""Parquet files that are damaged, hostile or of types that are not read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml8s.data import limits
from ml8s.data.limits import check_pages
from ml8s.data.pages import PageError, pages_of
from ml8s.data.tables import batches, open_table
from ml8s.errors import DataError, TooLarge, UnreadableTable


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def damage(path: Path, change: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda data: b"", UnreadableTable, "is empty"),
        (lambda data: b"a,b\n1,2\n", UnreadableTable, "is no Parquet file (it begins with b'a,b"),
        (lambda data: b"PAR1PAR1", UnreadableTable, "is cut off"),
        (lambda data: data[:-1], UnreadableTable, "is cut off"),
        (lambda data: data[: len(data) // 2], UnreadableTable, "is cut off"),
        (lambda data: data[:-8] + (2**31).to_bytes(4, "little") + b"PAR1", UnreadableTable, "is cut off"),
        (lambda data: data[:-4] + b"PARE", UnreadableTable, "is encrypted"),
        (lambda data: data[:-200] + bytes(192) + data[-8:], UnreadableTable, "readable"),
    ],
)
def test_a_damaged_file_is_refused_before_it_is_parsed(
    change: Callable[[bytes], bytes], error: type[DataError], says: str, tmp_path: Path
) -> None:
    path = damage(write(tmp_path / "x.parquet", {"a": range(1000)}), change)
    with pytest.raises(error) as caught:
        open_table(path, "x.parquet")
    assert says in caught.value.message
    assert caught.value.cure


def test_a_footer_beyond_sixteen_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1" + bytes(17 << 20) + (17 << 20).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(TooLarge, match="footer"):
        open_table(path, "x.parquet")


def test_more_than_five_thousand_columns_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {f"c{n}": [1] for n in range(5001)})
    with pytest.raises(TooLarge, match="5,001 columns"):
        open_table(path, "x.parquet")


@pytest.mark.parametrize("names", [["a", "a"], ["a", "A"], ["straße", "STRASSE"]])
def test_equal_names_are_refused(names: list[str], tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=names), path)
    with pytest.raises(UnreadableTable, match="same name"):
        open_table(path, "x.parquet")


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1, 2]]),
        pa.array([{"a": 1}]),
        pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        pa.array([b"x"]),
        pa.array([b"1234"], pa.binary(4)),
        pa.array([1], pa.time64("us")),
        pa.array([1], pa.duration("us")),
        pa.array([None], pa.null()),
    ],
    ids=lambda values: str(values.type),
)
def test_types_that_are_not_read_are_refused_by_name(values: pa.Array, tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"good": [1], "bad": values})
    with pytest.raises(UnreadableTable) as caught:
        open_table(path, "x.parquet")
    assert [problem.where for problem in caught.value.problems] == ["x.parquet:bad"]
    assert str(values.type)[:4] in caught.value.problems[0].message


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "none"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_pages_of_sound_files_fill_their_columns(
    compression: str, version: str, dictionary: bool, tmp_path: Path
) -> None:
    columns = {"a": np.arange(9000), "s": [f"x{i % 77}" * (i % 40) for i in range(9000)], "f": np.random.rand(9000)}
    path = write(
        tmp_path / "x.parquet", columns, compression=compression, data_page_version=version, row_group_size=4000,
        use_dictionary=dictionary, data_page_size=2000,
    )  # fmt: skip
    check_pages(path, "x")
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(0)
    start = chunk.dictionary_page_offset if dictionary else chunk.data_page_offset
    with path.open("rb") as file:
        pages = list(pages_of(file.fileno(), start, chunk.total_compressed_size))
        assert sum(page.uncompressed + page.header for page in pages) == chunk.total_uncompressed_size
        with pytest.raises(PageError):
            list(pages_of(file.fileno(), start, chunk.total_compressed_size - 1))
        with pytest.raises(PageError):
            list(pages_of(file.fileno(), start + 1, chunk.total_compressed_size))


def repeated_text(path: Path, length: int, rows: int) -> Path:
    """One long text, referred to by each row: a small file that decodes to length x rows bytes."""
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["a" * length]))
    return write(path, {"s": texts}, store_schema=False, compression="none", dictionary_pagesize_limit=1 << 30)


def test_a_small_file_that_decodes_to_gigabytes_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    path = repeated_text(tmp_path / "bomb.parquet", 1_000_000, 20_000)
    assert path.stat().st_size < 2_100_000
    program = (
        "import sys, pathlib\n"
        "from ml8s.data.tables import open_table, batches\n"
        "from ml8s.errors import TooLarge\n"
        "try:\n"
        "    for _ in batches(open_table(pathlib.Path(sys.argv[1]), 'bomb')): pass\n"
        "except TooLarge as error: print(error)\n"
        # The peak of this program alone: ru_maxrss would begin with what its parent had before the exec.
        "print(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    message, peak = done.stdout.splitlines()
    assert "expands to 20,000,000,000 or more" in message
    assert int(peak) < 300_000  # KB


def test_a_page_that_decompresses_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.parquet", {"a": np.zeros(100_000)}, compression="zstd", use_dictionary=False)
    check_pages(path, "x")
    monkeypatch.setattr(limits, "MAX_PAGE_BYTES", 100_000)
    with pytest.raises(TooLarge, match="a page of"):
        check_pages(path, "x")


def test_a_file_of_zeros_beyond_both_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.parquet", {"a": np.zeros(4_000_000)}, compression="zstd", use_dictionary=False)
    check_pages(path, "x")
    monkeypatch.setattr(limits, "FREE_BYTES", 1 << 20)
    with pytest.raises(TooLarge, match="more than 200 times"):
        check_pages(path, "x")


def test_batches_hold_few_rows_and_name_the_first(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"a": range(150_000), "s": ["x", ""] * 75_000}, row_group_size=40_000)
    seen = [(first, len(batch["a"])) for first, batch in batches(open_table(path, "x"), missing=[""])]
    assert seen[0][0] == 0
    assert all(after[0] == before[0] + before[1] for before, after in pairwise(seen))
    assert sum(rows for _, rows in seen) == 150_000
    assert max(rows for _, rows in seen) <= 32_768


def test_a_missing_value_is_null_in_dictionaries_and_plain_texts(tmp_path: Path) -> None:
    for dictionary in (True, False):
        path = write(tmp_path / "x.parquet", {"s": ["a", "", "NA", None]}, use_dictionary=dictionary)
        ((_, batch),) = batches(open_table(path, "x"), missing=["", "NA"])
        assert batch["s"].to_pylist() == ["a", None, None, None]


def test_reading_a_column_that_is_damaged_names_the_row(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"a": np.random.rand(100_000)}, compression="zstd", row_group_size=10_000)
    data = bytearray(path.read_bytes())
    data[400_000:400_400] = bytes(400)
    path.write_bytes(bytes(data))
    with pytest.raises(UnreadableTable, match="cannot be read beyond row"):
        list(batches(open_table(path, "x.parquet")))


def test_texts_that_are_no_utf8_are_refused(tmp_path: Path) -> None:
    for dictionary in (True, False):
        path = write(tmp_path / "x.parquet", {"s": ["abcd", "efgh"]}, use_dictionary=dictionary, compression="none")
        damage(path, lambda data: data.replace(b"efgh", b"ef\xffh"))
        with pytest.raises(UnreadableTable, match="UTF8"):
            list(batches(open_table(path, "x.parquet")))
