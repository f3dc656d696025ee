"""Models whose files were damaged, swapped or forged; rows that do not fit; terminals of all kinds."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.case import Case
from tests.bad_input.finished import Damage, blob, record_path, smuggled

REFUSED, MISMATCH, MISSING, TAMPERED, ROWS = "ML8S-S005", "ML8S-T008", "ML8S-T010", "ML8S-R004", "ML8S-D010"
MODEL: Final = "members/lgbm/model.txt"
GOOD: Final = {"id": 1, "amount": 2.5, "visits": 3, "city": "Bern", "member": True, "when": "2026-01-01T00:00:00Z", "born": "2000-01-01"}


@dataclass(frozen=True)
class OfModel(Case):
    """A case on a copy of a finished run; ``damage`` is done to its store first."""

    damage: Damage | None = None


class Payload:
    """What a pickle of an attacker runs when it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (Path("/tmp/ml8s-was-here"), "loaded"))


def predict(name: str, damage: Damage, code: str, *says: str, status: int = 6) -> OfModel:
    return OfModel(f"predict: {name}", "predict {model} -f rows.json", code, says, status=status, make=rows(GOOD), damage=damage)


def verify(name: str, damage: Damage, code: str, *says: str, status: int = 6) -> OfModel:
    return OfModel(f"verify: {name}", "models verify {model}", code, says, status=status, damage=damage)


def described(change: Callable[[dict[str, Any]], object]) -> Damage:
    """A model.json with other values and digests that agree."""
    def other(data: bytes) -> bytes:
        value = json.loads(data)
        change(value)
        return json.dumps(value).encode()
    return smuggled("model.json", other)


def rows(*given: object) -> Callable[[Path], object]:
    return lambda folder: (folder / "rows.json").write_text(json.dumps(list(given)))


def content(data: bytes, name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


def saved_over(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine/report.html").write_bytes(b"mine")


def bad_rows(name: str, *says: str, **values: object) -> OfModel:
    row = {key: value for key, value in {**GOOD, **values}.items() if value is not ...}
    return OfModel(f"rows: {name}", "predict {model} -f rows.json", ROWS, says, make=rows(GOOD, row))


def bad_file(name: str, file: str, data: bytes, *says: str, code: str = ROWS) -> OfModel:
    return OfModel(f"rows: {name}", f"predict {{model}} -f {file}", code, says, make=content(data, file))


def parquet(columns: dict[str, Any]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


def terminal(name: str, arguments: str, *says: str, status: int = 0, code: str = "", **more: Any) -> OfModel:
    return OfModel(f"terminal: {name}", arguments, code, says, status=status, **more)


def record_with(change: Callable[[dict[str, Any]], object]) -> Damage:
    def damage(store: Path, model: str) -> None:
        path = record_path(store, model)
        value = json.loads(path.read_bytes())
        change(value)
        path.write_text(json.dumps(value))
    return damage


def record_text(text: str) -> Damage:
    return lambda store, model: record_path(store, model).write_text(text)


def envelope_text(text: str) -> Damage:
    return lambda store, _: [path.write_text(text) for path in store.glob("runs/*/envelope.json")]


def cache_text(text: str) -> Damage:
    return lambda store, _: [path.write_text(text) for path in store.rglob("cache/**/*.json")]


def event_text(text: str) -> Damage:
    return lambda store, _: (store / "registry/v1/model/events/0000000001.json").write_text(text)


FILES: Final = [
    predict("a truncated model", blob("model", MODEL, lambda data: data[:1000]), MISMATCH, MODEL, "run again"),
    predict("a flipped bit", blob("model", MODEL, lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:]), MISMATCH, MODEL),
    predict("an empty model", blob("model", MODEL, lambda _: b""), MISMATCH, MODEL),
    predict("a missing model", blob("model", MODEL, None), MISSING, "does not exist"),
    predict("a pickle in its place", blob("model", MODEL, lambda _: pickle.dumps(Payload())), MISMATCH, MODEL),
    predict("a truncated model.json", blob("model", "model.json", lambda data: data[:-10]), MISMATCH, "model.json"),
    predict("a truncated feature manifest", blob("features", "features.json", lambda data: data[:-10]), MISMATCH, "features.json"),
    predict("a missing feature manifest", blob("features", "features.json", None), MISSING, "does not exist"),
    predict("a forged pickle with agreeing digests", smuggled(MODEL, lambda _: pickle.dumps(Payload())), REFUSED, "model.txt is refused"),
    predict("a forged model.json that is a pickle", smuggled("model.json", lambda _: pickle.dumps(Payload())), REFUSED, "model.json is refused"),
    predict("forged text", smuggled(MODEL, lambda _: b"tree\nversion=v4\n" + b"x" * 100), REFUSED, "is refused"),
    predict("a forged model cut in the middle", smuggled(MODEL, lambda data: data[: len(data) // 2]), REFUSED, "is refused"),
    predict("forged trees of a billion leaves", smuggled(MODEL, lambda data: data.replace(b"num_leaves=", b"num_leaves=9999999", 1)), REFUSED, "is refused"),
    predict("forged children that point outside", smuggled(MODEL, lambda data: data.replace(b"left_child=", b"left_child=99999 ", 1)), REFUSED, "is refused"),
    predict("forged features that are not there", smuggled(MODEL, lambda data: data.replace(b"split_feature=", b"split_feature=99999 ", 1)), REFUSED, "is refused"),
    predict("bytes that model.json does not list", smuggled(MODEL, lambda data: data + b" ", listed=False), REFUSED, "size or sha256 differ"),
    predict("an unknown family", described(lambda v: v["members"][0].update(family="pickle")), REFUSED, "no family"),
    predict("an unknown estimator", described(lambda v: v["members"][0].update(estimator="../../etc")), REFUSED, "is refused"),
    predict("no members", described(lambda v: v.update(members=[])), REFUSED, "no members"),
    predict("a schema to come", described(lambda v: v.update(schema=2)), REFUSED, "schema 2"),
    predict("no kind", described(lambda v: v.pop("kind")), REFUSED, "model.json is refused"),
    predict("a weight that is no number", described(lambda v: v["members"][0].update(weight="x")), REFUSED, "model.json is refused"),
    predict("features of another model", described(lambda v: v["inputs"].update(features="0" * 64)), REFUSED, "not made with the features"),
    predict("a positive class that is none", described(lambda v: v["target"].update(positive=7)), REFUSED, "model.json is refused"),
    predict("classes that are none", described(lambda v: v["target"].update(classes=None)), REFUSED, "model.json is refused"),
    predict("a threshold that is no number", described(lambda v: v.update(threshold="x")), REFUSED, "model.json is refused"),
    verify("a flipped bit", blob("model", MODEL, lambda data: b"T" + data[1:]), MISMATCH, f"{MODEL} is damaged", "made by step select"),
    verify("a missing report", blob("report", "report.html", None), MISMATCH, "report.html is missing", "made by step evaluate"),
    verify("a forged pickle with agreeing digests", smuggled(MODEL, lambda _: pickle.dumps(Payload())), TAMPERED, "record"),
    verify("a record of other metrics", record_with(lambda v: v["content"]["metrics"].update(roc_auc=1.0)), TAMPERED, "record"),
    verify("a record that is no JSON", record_text("{"), TAMPERED, "record"),
    verify("an empty record", record_text(""), TAMPERED, "record"),
    verify("a record that is a list", record_text("[]"), TAMPERED, "record"),
    verify("a record of NaN", record_text('{"content": NaN}'), TAMPERED, "record"),
    verify("a record of 100,000 levels", record_text("[" * 100_000), TAMPERED, "record"),
    verify("a record to come", record_with(lambda v: v.update(schema=99)), "ML8S-R005", "has schema 99", "upgrade ML8s"),
    verify("a record without ports", record_with(lambda v: v["content"].pop("ports")), TAMPERED, "record"),
    verify("an event that is no JSON", event_text("{"), TAMPERED, "events"),
    verify("an event that is a list", event_text("[]"), TAMPERED, "events"),
    verify("an event of nothing", event_text("{}"), TAMPERED, "events"),
    OfModel("show: a record that is no JSON", "models show {model}", TAMPERED, ("record",), status=6, damage=record_text("{")),
    OfModel("list: a record that is no JSON", "models list", TAMPERED, ("record",), status=6, damage=record_text("{")),
    OfModel("report: a damaged report", "models report {model} --format md", MISMATCH, ("report.md",), status=6, damage=blob("report", "report.md", lambda data: data[:-9])),
    OfModel("report: over a file of mine", "models report {model} --output mine.html", "ML8S-C006", ("mine.html",), make=content(b"mine", "mine.html")),
    OfModel("report: below a file of mine", "models report {model} --output mine/x.html", "ML8S-C006", ("mine is a file", "--output"), make=content(b"mine", "mine")),
    OfModel("report: where nothing can be written", "models report {model} --output /proc/x.html", "ML8S-C005", ("/proc/x.html cannot be written", "--output")),
    OfModel("runs report: over a file of mine", "runs report 2 --save mine", "ML8S-C006", ("report.html", "--save"), make=saved_over),
    OfModel("runs report: into a file", "runs report 2 --save mine", "ML8S-C006", ("mine is a file", "--save"), make=content(b"mine", "mine")),
    OfModel("runs report: below a file", "runs report 2 --save mine/x", "ML8S-C006", ("mine is a file", "--save"), make=content(b"mine", "mine")),
    OfModel("runs show: an envelope that is no JSON", "runs show 2", "ML8S-R002", ("no run",), status=5, damage=envelope_text("{")),
    OfModel("runs show: an envelope that is a list", "runs show 2", "ML8S-R002", ("no run",), status=5, damage=envelope_text("[]")),
    OfModel("runs list: an envelope that is a list", "runs list", "ML8S-R002", ("no run",), status=5, damage=envelope_text("[]")),
    OfModel("plan: cache entries that are no JSON", "plan config.yaml", "", ("validate",), status=0, damage=cache_text("{")),
    OfModel("plan: cache entries of 100,000 levels", "plan config.yaml", "", ("validate",), status=0, damage=cache_text("[" * 100_000)),
    OfModel("plan: cache entries that are lists", "plan config.yaml", "", ("validate",), status=0, damage=cache_text("[]")),
]

FITTING: Final = [
    bad_rows("no column at all", "amount", **dict.fromkeys(GOOD, ...)),
    bad_rows("a column is missing", "amount", amount=...),
    bad_rows("text for a number", "amount", amount="a lot"),
    bad_rows("a number for text", "city", city=7),
    bad_rows("a list for a number", "amount", amount=[1]),
    bad_rows("an object for text", "city", city={"a": 1}),
    bad_rows("a text for a boolean", "member", member="yes"),
    bad_rows("a time that is none", "when", when="yesterday"),
    bad_rows("a date that is none", "born", born="2000-13-45"),
    bad_rows("a fraction for an integer", "visits", visits=1.5),
    bad_rows("an infinity", "amount", amount=float("inf")),
    bad_file("no JSON", "rows.json", b"{", "it is neither JSON (", "nor JSON lines (line 1: "),
    bad_file("an empty file", "rows.json", b"", "it is empty"),
    bad_file("blanks", "rows.jsonl", b" \n\n", "it is empty"),
    bad_file("an empty CSV", "rows.csv", b"", "it is empty"),
    bad_file("a number", "rows.json", b"7", "rows are objects"),
    bad_file("a list of numbers", "rows.json", b"[1, 2]", "rows are objects"),
    bad_file("Latin-1", "rows.json", b'[{"city": "Z\xfcrich"}]', "rows.json"),
    bad_file("100,000 levels", "rows.json", b"[" * 100_000, "rows.json"),
    bad_file("an integer of 5,000 digits", "rows.json", b'[{"visits": ' + b"9" * 5000 + b"}]", "rows.json"),
    bad_file("a CSV with a short line", "rows.csv", b"amount,city\n1\n", "line 2 has 1 cells, and the header 2"),
    bad_file("a CSV with an open quote", "rows.csv", b'amount,city\n1,"x\n', "no CSV"),
    bad_file("no Parquet", "rows.parquet", b"PAR1PAR1", "is cut off"),
    bad_file("a Parquet of nested rows", "rows.parquet", parquet({"amount": [[1]]}), "which ML8s does not read"),
    bad_file("a Parquet bomb", "rows.parquet", parquet({"city": pa.DictionaryArray.from_arrays(pa.array([0] * 5000, pa.int32()), pa.array(["x" * (1 << 20)]))}), "rows.parquet", code="ML8S-D011"),
    bad_file("an unknown format", "rows.xlsx", b"PK", "of no format that holds rows", code="ML8S-C005"),
    OfModel("rows: no file", "predict {model} -f rows.json", "ML8S-C005", ("rows.json cannot be read", "mend the path")),
    OfModel("rows: a folder", "predict {model} -f data.json", "ML8S-C005", ("data.json",), make=lambda folder: (folder / "data.json").mkdir()),
    OfModel("rows: nothing on stdin", "predict {model} -f -", ROWS, ("stdin", "it is empty")),
]

TERMINALS: Final = [
    terminal("stdout is closed", "models list", "stdout", status=3, stdout="-"),
    terminal("stdout is full", "models list", "No space left", status=3, stdout="/dev/full"),
    terminal("stdout is full in JSON", "models show {model} -o json", "No space left", status=3, stdout="/dev/full"),
    terminal("HOME may not be written", "run config.yaml", "is registered as a candidate", environment={"HOME": "/proc/nothing"}),
    terminal("no HOME", "models list", "model_", environment={"HOME": ""}),
    terminal("the language C", "models show {model}", "roc_auc", environment={"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    terminal("an encoding of ASCII", "models report {model} --format md", "log\\_loss", environment={"PYTHONIOENCODING": "ascii"}),
    terminal("40 columns", "run config.yaml", "is registered as a candidate", environment={"COLUMNS": "40"}),
    terminal("1 column", "models list", "model_", environment={"COLUMNS": "1"}),
    terminal("columns that are none", "models list", "model_", environment={"COLUMNS": "wide"}),
    terminal("a dumb terminal", "models list", "model_", environment={"TERM": "dumb"}),
    terminal("no PATH and no TERM", "models list", "model_", environment={"PATH": "", "TERM": ""}),
    terminal("no user", "models list", "model_", environment={"USER": "", "LOGNAME": ""}),
]

CASES: Final = [*FILES, *FITTING, *TERMINALS]
