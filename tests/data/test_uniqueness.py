"""Repeated keys are found exactly, in memory and spilled, also where hashes collide."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml8s.data import uniqueness
from ml8s.data.hashing import hash_rows, words_of
from ml8s.data.parquet import write_table
from ml8s.data.references import Side, check_reference
from ml8s.data.schema import Field, ForeignKey, TableSchema
from ml8s.data.tables import Table, batches, open_table
from ml8s.data.uniqueness import KeyCheck, Repeats

fast = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIELDS = [Field("a", "integer"), Field("b", "string")]
PAIRS = st.lists(st.tuples(st.integers(0, 6) | st.none(), st.sampled_from(["", "x", "xy", None])), max_size=40)


def tables(folder: Path, *files: list[tuple[int | None, str | None]]) -> list[Table]:
    found = []
    for number, rows in enumerate(files):
        columns = {"a": pa.array([a for a, _ in rows], pa.int64()), "b": pa.array([b for _, b in rows], pa.string())}
        write_table(pa.table(columns), folder / f"{number}.parquet")
        found.append(open_table(folder / f"{number}.parquet", f"{number}.parquet"))
    return found


def repeats(found: list[Table], *, memory: int = 1 << 28, across: bool = False) -> list[Repeats]:
    check = KeyCheck(FIELDS, [table.rows for table in found], memory=memory, across=across)
    for file, table in enumerate(found):
        for first, batch in batches(table):
            check.take(file, first, batch)
    return check.repeats(found, ())


@pytest.mark.parametrize("memory", [1 << 28, 0], ids=["in memory", "spilled"])
@fast
@given(train=PAIRS, validation=PAIRS)
def test_repeats_are_those_that_a_plain_count_finds(
    tmp_path: Path,
    memory: int,
    train: list[tuple[int | None, str | None]],
    validation: list[tuple[int | None, str | None]],
) -> None:
    seen: Counter[tuple[int | None, str | None]] = Counter()
    expected: list[list[int]] = []
    for rows in (train, validation):
        expected.append([])
        for index, row in enumerate(rows):
            if None not in row:
                if seen[row]:
                    expected[-1].append(index)
                seen[row] += 1
    found = repeats(tables(tmp_path, train, validation), memory=memory)
    assert [one.count for one in found] == [len(rows) for rows in expected]
    assert [list(one.rows) for one in found] == [rows[:10] for rows in expected]
    across = repeats(tables(tmp_path, train, validation), memory=memory, across=True)[1]
    assert across.count == sum(row in set(train) for row in validation)


def test_rows_that_only_share_a_hash_are_no_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def same(columns: list[np.ndarray], key: str) -> np.ndarray:
        return hash_rows(columns, key) % np.uint64(3)

    monkeypatch.setattr(uniqueness, "hash_rows", same)
    rows = [(number, "x") for number in range(50)]
    assert repeats(tables(tmp_path, rows))[0] == Repeats(0, (), ())
    found = repeats(tables(tmp_path, [*rows, (7, "x")]))[0]
    assert found.count == 1


def test_a_foreign_key_is_found_by_both_halves_of_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ml8s.data import references

    def half(columns: list[np.ndarray], key: str) -> np.ndarray:
        found = hash_rows(columns, key)
        return found % np.uint64(3) if key.endswith("first half") else found

    schema = TableSchema(tuple(FIELDS))
    (parent,) = tables(tmp_path, [(number, "p") for number in range(40)])
    (tmp_path / "child").mkdir()
    (child,) = tables(tmp_path / "child", [(5, "p"), (40, "p"), (None, "p"), (39, "q"), (39, "p")])
    key = ForeignKey(("a", "b"), "parent", ("a", "b"))
    for patched in (False, True):
        if patched:
            monkeypatch.setattr(references, "hash_rows", half)
        for rows_at_once in (16 << 20, 7):
            monkeypatch.setattr(references, "ROWS_AT_ONCE", rows_at_once)
            (found,) = check_reference(key, Side([child], schema, key.fields), Side([parent], schema, key.reference))
            assert (found.count, found.rows) == (2, (1, 3))


@fast
@given(st.lists(st.text(max_size=40) | st.none(), max_size=60), st.integers(0, 20))
def test_the_hash_of_a_text_depends_on_its_value_alone(texts: list[str | None], start: int) -> None:
    plain = pa.array(texts, pa.string())
    expected = words_of(plain, "string")
    for other in (plain.dictionary_encode(), plain.cast(pa.large_string())):
        assert (words_of(other, "string") == expected).all()
    assert (words_of(plain.slice(start), "string") == expected[start:]).all()
    known = dict(zip(texts, expected.tolist(), strict=True))
    assert len(set(known.values())) == len(known)


def plain_mix(word: int) -> int:
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    word = (word ^ word >> 27) * 0x94D049BB133111EB % 2**64
    return word ^ word >> 31


def plain_text(data: bytes) -> int:
    word = plain_mix(len(data) + 0x9E3779B97F4A7C15)
    for start in range(0, len(data), 8):
        word = plain_mix(word ^ int.from_bytes(data[start : start + 8], "little"))
    return word


def test_the_construction_of_the_hash_is_as_stated_and_fixed_for_ever() -> None:
    columns = [
        words_of(pa.array([1, -1, None]), "integer"),
        words_of(pa.array(["a", "abcdefghi", None]), "string"),
        words_of(pa.array([0.5, -0.0, float("nan")]), "number"),
        words_of(pa.array([True, False, None]), "boolean"),
        words_of(pa.array([0, -1, None], pa.timestamp("ns")), "time"),
        words_of(pa.array([1, 2, None], pa.date32()), "date"),
    ]
    half = int.from_bytes(struct.pack("<d", 0.5), "little")
    rows = [
        [1, plain_text(b"a"), half, 1, 0, 1],
        [2**64 - 1, plain_text(b"abcdefghi"), 0, 0, 2**64 - 1, 2],
        [0x9E3779B97F4A7C15] * 6,
    ]
    first, last = struct.unpack("<QQ", hashlib.blake2b(b"ml8s", digest_size=16).digest())
    for row, found, golden in zip(rows, hash_rows(columns, "ml8s").tolist(), GOLDEN, strict=True):
        state = first
        for word in row:
            state = plain_mix(state ^ word)
        assert f"{plain_mix(state ^ last):016x}" == f"{found:016x}" == golden


GOLDEN = ["cc9532a285c840f8", "90162d978b9f04d3", "1b8d932a978c4499"]
