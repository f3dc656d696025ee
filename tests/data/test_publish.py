"""Publishing: a snapshot from files of people, complete or absent, never overwritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml8s.data.inference import Hints
from ml8s.data.parquet import write_table
from ml8s.data.publish import Built, Sources, build_snapshot, check_snapshot, find_sources
from ml8s.data.snapshot import open_snapshot, snapshot_manifest
from ml8s.errors import (
    ContractViolation,
    FileExists,
    InvalidUsage,
    SnapshotExists,
    SnapshotIncomplete,
    UnreadableTable,
)
from ml8s.runner.publication import local_snapshot, publish_snapshot

CSV = """id,city,amount,count,ok,at,day,note,y
1,Bern,1.5,1,true,2026-01-01 10:00:00,2026-01-01,"a,b",0
2,Oslo,,2,false,2026-01-02 10:00:00,2026-01-02,,1
3,Bern,2.5,3,true,2026-01-03 10:00:00,2026-01-03,"c, d",0
"""
CITIES = "city,people\nBern,10\nOslo,20\nRome,30\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def build(tmp_path: Path, hints: Hints | None = None, name: str = "built", **sources: Any) -> Built:
    sources.setdefault("train", write(tmp_path / "in/train.csv", CSV))
    return build_snapshot(Sources(**sources), hints or Hints(), tmp_path / name)


def schema_of(built: Built) -> Any:
    return json.loads((built.snapshot.folder / "schema.json").read_text())


def test_types_nulls_and_key_candidates_are_inferred(tmp_path: Path) -> None:
    built = build(tmp_path)
    fields = {one["name"]: (one["type"], "constraints" in one) for one in schema_of(built)["fields"]}
    assert fields == {
        "id": ("integer", True), "city": ("string", True), "amount": ("number", False), "count": ("integer", True),
        "ok": ("boolean", True), "at": ("datetime", True), "day": ("date", True), "note": ("string", False),
        "y": ("integer", True),
    }  # fmt: skip
    assert "primaryKey" not in schema_of(built)
    assert any("name one with --key; unique and never null: id, count" in note for note in built.notes)


def test_numbers_that_begin_with_zero_stay_the_text_that_they_are(tmp_path: Path) -> None:
    text = "zip,house,share,y\n01000,1,0.5,0\n,2,00.5,1\n99999,3,-0.25,0\n"
    built = build(tmp_path, train=write(tmp_path / "in/codes.csv", text))
    table = pq.read_table(built.snapshot.folder / "train.parquet").to_pydict()
    assert table["zip"] == ["01000", None, "99999"]
    assert table["share"] == ["0.5", "00.5", "-0.25"]
    assert table["house"] == [1, 2, 3]
    assert [note for note in built.notes if "kept as text" in note] == [
        f"codes.csv: {name} is kept as text, since some of its values begin with 0" for name in ("zip", "share")
    ]


def test_an_integer_that_64_bits_with_a_sign_do_not_hold_is_refused(tmp_path: Path) -> None:
    whole = {"id": pa.array([1, 2**63 - 1, None], pa.uint64()), "y": [0, 1, 0]}
    write_table(pa.table(whole), tmp_path / "fits.parquet")
    built = build(tmp_path, train=tmp_path / "fits.parquet")
    assert pq.read_table(built.snapshot.folder / "train.parquet")["id"].to_pylist() == [1, 2**63 - 1, None]
    pq.write_table(pa.table({**whole, "id": pa.array([1, 2**63, None], pa.uint64())}), tmp_path / "beyond.parquet")
    with pytest.raises(UnreadableTable, match="9223372036854775808 in the column 'id'"):
        build(tmp_path, name="refused", train=tmp_path / "beyond.parquet")


def test_equal_sources_give_equal_snapshots(tmp_path: Path) -> None:
    first, second = build(tmp_path), build(tmp_path, name="again")
    assert first.manifest.digest == second.manifest.digest
    table = pq.read_table(first.snapshot.folder / "train.parquet")
    pq.write_table(table, tmp_path / "train.parquet", compression="gzip", row_group_size=2)
    third = build(tmp_path, name="third", train=tmp_path / "train.parquet")
    assert third.manifest.digest == first.manifest.digest


def test_hints_are_written_and_checked(tmp_path: Path) -> None:
    schema = schema_of(build(tmp_path, Hints(("id",), "y", "at", "2026-02-01T00:00:00Z")))
    assert schema["primaryKey"] == ["id"]
    assert schema["ml8s:as_of"] == "2026-02-01T00:00:00Z"
    assert {one["name"]: one.get("ml8s:role") for one in schema["fields"]}["at"] == "time"
    for number, hints in enumerate((Hints(("nr",)), Hints(target="x"), Hints(time="when"), Hints(time="city"))):
        with pytest.raises(InvalidUsage):
            build(tmp_path, hints, name=f"bad{number}")
    with pytest.raises(ContractViolation, match="breaks its contract"):
        build(tmp_path, Hints(("city",)), name="repeats")
    with pytest.raises(ContractViolation):
        build(tmp_path, Hints(time="at", as_of="2026-01-02T00:00:00Z"), name="future")


def test_identifiers_whose_values_come_back_are_proposed_as_keys(tmp_path: Path) -> None:
    text = "payment_id,customer_id,terminalId,note_id,paid,zip,y_id,amount\n" + "".join(
        f"{row},C{row % 3},{row % 4},n{row},{row % 2},{row % 5},{row % 2},{row}.5\n" for row in range(20)
    )
    built = build(tmp_path, Hints(("payment_id",), "y_id"), train=write(tmp_path / "payments.csv", text))
    roles = {one["name"]: one.get("ml8s:role") for one in schema_of(built)["fields"]}
    assert {name for name, role in roles.items() if role == "key"} == {"customer_id", "terminalId"}
    assert any(note.startswith("customer_id gets the role key: 3 values in 20 rows") for note in built.notes)


def test_a_further_table_gets_its_key_and_a_foreign_key(tmp_path: Path) -> None:
    cities = write(tmp_path / "in/cities.csv", CITIES)
    built = build(tmp_path, tables={"cities": cities})
    schema = schema_of(built)
    assert schema["foreignKeys"] == [{"fields": ["city"], "reference": {"fields": ["city"], "resource": "cities"}}]
    assert schema["ml8s:tables"]["cities"]["schema"]["primaryKey"] == ["city"]
    lacking = write(tmp_path / "in/few.csv", CITIES.replace("Oslo", "Lima"))
    schema = schema_of(build(tmp_path, name="lacking", tables={"cities": lacking}))
    assert "foreignKeys" not in schema


def test_types_of_train_and_validation_are_made_one(tmp_path: Path) -> None:
    other = CSV.replace("1,Bern,1.5,1,", "9,Bern,1.5,0.5,").replace("2026-01-01,", "soon,")
    validation = write(tmp_path / "in/v.csv", other)
    built = build(tmp_path, validation=validation)
    types = {one["name"]: one["type"] for one in schema_of(built)["fields"]}
    assert (types["count"], types["day"]) == ("number", "string")
    with pytest.raises(UnreadableTable, match="different columns") as caught:
        build(tmp_path, name="other", validation=write(tmp_path / "in/w.csv", CSV.replace("note", "remark")))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "cannot be read as CSV"), ("a,a\n1,2\n", "names columns twice: 'a'"), ("a,b\n1\n", "cannot be read"),
     ("a,\n1,2\n", "without a name"), ("a\n\xff", "is not UTF-8 in the column 'a'")],
)  # fmt: skip
def test_a_bad_csv_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UnreadableTable, match=says):
        build(tmp_path, train=path)


def test_a_given_contract_is_taken_as_it_is(tmp_path: Path) -> None:
    first = build(tmp_path, Hints(("id",)))
    given = tmp_path / "given.json"
    given.write_text(json.dumps(schema_of(first), indent=2))
    built = build(tmp_path, name="again", schema=given)
    assert (built.snapshot.folder / "schema.json").read_bytes() == given.read_bytes()


def test_sources_are_found_by_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in ("train.csv", "validation.parquet", "customers.tsv", "README.md", "schema.json"):
        write(folder / name, "")
    found = find_sources([folder], None, None, {})
    assert (found.train.name, found.validation and found.validation.name) == ("train.csv", "validation.parquet")
    assert {name: path.name for name, path in found.tables.items()} == {"customers": "customers.tsv"}
    assert found.schema == folder / "schema.json"
    assert find_sources([folder / "customers.tsv"], None, None, {}).train.name == "customers.tsv"
    two = [folder / "customers.tsv", folder / "validation.parquet"]
    for paths in ([folder / "nothing"], [folder / "README.md"], two):
        with pytest.raises(InvalidUsage):
            find_sources(paths, None, None, {})
    write(folder / "train.parquet", "")
    with pytest.raises(InvalidUsage, match="both train"):
        find_sources([folder], None, None, {})


def test_a_folder_that_is_not_empty_is_no_place_to_build(tmp_path: Path) -> None:
    build(tmp_path)
    with pytest.raises(FileExists):
        build(tmp_path)


def test_a_published_snapshot_is_never_overwritten(tmp_path: Path) -> None:
    built = build(tmp_path)
    target = tmp_path / "published"
    publish_snapshot(built, str(target))
    before = snapshot_manifest(open_snapshot(target))
    assert before.digest == built.manifest.digest
    with pytest.raises(SnapshotExists, match="holds a snapshot"):
        publish_snapshot(built, str(target))
    assert snapshot_manifest(open_snapshot(target)) == before


def test_an_interrupted_publishing_is_no_snapshot_and_can_be_taken_up(tmp_path: Path) -> None:
    built = build(tmp_path)
    target = tmp_path / "published"
    target.mkdir()
    (target / "train.parquet").write_bytes((built.snapshot.folder / "train.parquet").read_bytes())
    with pytest.raises(SnapshotIncomplete), local_snapshot(str(target)):
        pass
    publish_snapshot(built, str(target))
    assert check_snapshot(target)[1].rows == {"train.parquet": 3}


def test_a_foreign_file_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    built = build(tmp_path)
    target = tmp_path / "published"
    target.mkdir()
    (target / "train.parquet").write_bytes(b"mine")
    with pytest.raises(SnapshotExists, match="holds another file"):
        publish_snapshot(built, str(target))
    assert (target / "train.parquet").read_bytes() == b"mine"
    assert not (target / "schema.json").exists()


def test_an_incomplete_snapshot_says_what_is_there(tmp_path: Path) -> None:
    write(tmp_path / "x/train.csv", "a\n1\n")
    with pytest.raises(SnapshotIncomplete, match=r"lacks schema.json, train.parquet; there is: train.csv"):
        open_snapshot(tmp_path / "x")
    with pytest.raises(SnapshotIncomplete, match="there is: nothing"):
        open_snapshot(tmp_path / "none")


def test_the_manifest_names_the_snapshots_files_and_no_others(tmp_path: Path) -> None:
    built = build(tmp_path, tables={"cities": write(tmp_path / "in/cities.csv", CITIES)})
    write(built.snapshot.folder / "notes.txt", "x")
    manifest = snapshot_manifest(open_snapshot(built.snapshot.folder))
    assert manifest == built.manifest
    assert (manifest.kind, [one.path for one in manifest.files]) == (
        "snapshot", ["cities.parquet", "schema.json", "train.parquet"],
    )  # fmt: skip


def test_parquet_bytes_depend_on_values_alone(tmp_path: Path) -> None:
    plain = pa.table({"a": pa.array([1, 2, 3] * 1000), "s": pa.array(["x", "y", None] * 1000)})
    pandas = plain.to_pandas()
    forms = [
        plain,
        pa.concat_tables([plain.slice(0, 700), plain.slice(700)]),
        plain.set_column(1, "s", plain["s"].dictionary_encode()),
        plain.set_column(1, "s", plain["s"].cast(pa.large_string()).cast(pa.string())),
        pa.Table.from_pandas(pandas, preserve_index=False).cast(plain.schema),
        plain.replace_schema_metadata({"made": "today"}),
    ]
    written = set()
    for number, table in enumerate(forms):
        write_table(table, tmp_path / f"{number}.parquet")
        written.add((tmp_path / f"{number}.parquet").read_bytes())
    assert len(written) == 1
    assert pq.read_table(tmp_path / "0.parquet").equals(plain)
