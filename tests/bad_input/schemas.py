"""Bad ``schema.json``: no JSON, a bomb, unknown keys and types, and what disagrees with the tables."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from typing import Final

from tests.bad_input.case import Case
from tests.bad_input.snapshots import field_with, schema_text, schema_with, top_with

CHECK: Final = "data check data"
CODE: Final = "ML8S-D004"

FIELDS: Final = '"fields": [{"name": "id", "type": "integer"}]'


def text(name: str, content: str | bytes, *says: str) -> Case:
    return Case(name, CHECK, CODE, says, "schema.json", make=schema_text(content))


def at(name: str, make: object, where: str, *says: str) -> Case:
    return Case(name, CHECK, CODE, says, f"schema.json#{where}", make=make)  # type: ignore[arg-type]


def many(count: int, kind: str) -> str:
    return ", ".join(f'{{"name": "c{n}", "type": "{kind}"}}' for n in range(count))


TEXTS: Final = [
    text("an empty file", b"", "is not JSON", "line 1"),
    text("no JSON", "fields:\n  - id\n", "is not JSON", "line 1, column 1"),
    text("JSON that ends early", '{"ml8s:version": 1, "fields": [', "is not JSON", "line 1, column"),
    text("a comma too many", '{\n"ml8s:version": 1,\n}', "is not JSON", "line 3"),
    text("a list", "[]", "a Table Schema is a JSON object"),
    text("a text", '"x"', "a Table Schema is a JSON object"),
    text("a number", "1", "a Table Schema is a JSON object"),
    text("null", "null", "a Table Schema is a JSON object"),
    text("a byte order mark", b"\xef\xbb\xbf{}", "byte order mark"),
    text("UTF-16", ("{" + FIELDS + "}").encode("utf-16"), "is not UTF-8"),
    text("Latin-1", b'{"title": "\xe9"}', "is not UTF-8"),
    text("a NUL", b'{"title": "\x00"}', "is not JSON"),
    text("half a surrogate pair", '{"title": "\\ud800"}', "half a surrogate pair"),
    text("a key twice", '{"ml8s:version": 1, "ml8s:version": 1}', "stands twice in one object"),
    text("NaN", '{"ml8s:version": NaN}', "NaN is no JSON number"),
    text("infinity", '{"ml8s:version": Infinity}', "Infinity is no JSON number"),
    text("an overflowing number", '{"ml8s:version": 1, "fields": [{"name": "a", "type": "number", "constraints": {"minimum": 1e999}}]}', "minimum"),
    text("an integer of 5,000 digits", '{"ml8s:version": ' + "9" * 5000 + "}", "schema.json"),
    text("3,000 levels", '{"title": ' + "[" * 3000 + "]" * 3000 + "}", "is nested deeper than 16 levels"),
    text("200,000 levels", "[" * 200_000, "is nested deeper than 16 levels"),
    text("a minimum of 400 digits", '{"ml8s:version": 1, "fields": [{"name": "a", "type": "number", "constraints": {"minimum": ' + "9" * 400 + "}}]}", "is no number", "minimum"),
    text("a type of 3 MB", '{"ml8s:version": 1, "fields": [{"name": "a", "type": "' + "x" * (3 << 20) + '"}]}', "the type", "…"),
    text("4,000 unknown types", '{"ml8s:version": 1, "fields": [' + many(4000, "x") + "]}", "4000 problems", "and 3,950 more"),
    text("a key of 3 MB", '{"ml8s:version": 1, ' + FIELDS + ', "' + "x" * (3 << 20) + '": 1}', "is not known here"),
    text("5 MB", '{"title": "' + "x" * (5 << 20) + '"}', "5", "4,194,304"),
    text("a billion laughs of fields", '{"ml8s:version": 1, "fields": [' + many(5001, "any") + "]}", "5,001 fields; at most 5,000 are read"),
]

STRUCTURE: Final = [
    at("no version", schema_with(lambda s: s.pop("ml8s:version")), "/ml8s:version", "this release reads 1", 'add "ml8s:version": 1'),
    at("a version to come", top_with(ml8s__version=2), "/ml8s:version", "ml8s:version is 2", "this release reads 1"),
    at("a version as text", top_with(ml8s__version="1"), "/ml8s:version", "ml8s:version is '1'"),
    at("a version of true", top_with(ml8s__version=True), "/ml8s:version", "ml8s:version is True"),
    at("an unknown key", top_with(primarykey="id"), "/primarykey", "the key 'primarykey' is not known here", "did you mean 'primaryKey'?"),
    at("no fields", top_with(fields=[]), "/fields", "one object per column"),
    at("fields as an object", top_with(fields={}), "/fields", "one object per column"),
    at("fields as names", top_with(fields=["id"]), "/fields/0", "a field is an object with name and type"),
    at("a field without a name", field_with("id", name=None), "/fields/0/name", "a name is a text"),
    at("a field with an empty name", field_with("id", name=""), "/fields/0/name", "a name is a text of 1 to 256"),
    at("a name of 300 characters", field_with("id", name="x" * 300), "/fields/0/name", "1 to 256 characters"),
    at("a name twice", field_with("amount", name="id"), "/fields/1/name", "stands twice"),
    at("names that differ in case", field_with("amount", name="ID"), "/fields/1/name", "in case only"),
    at("an unknown type", field_with("id", type="int64"), "/fields/0/type", "the type 'int64' is none that ML8s reads", "one of"),
    at("a type of null", field_with("id", type=None), "/fields/0/type", "the type None is none"),
    at("a nested type", field_with("id", type="object"), "/fields/0/type", "the type 'object' is none"),
    at("a format", field_with("when", format="%d.%m.%Y"), "/fields/5/format", "only the format 'default' is read"),
    at("constraints as a list", field_with("id", constraints=[]), "/fields/0/constraints", "constraints is an object"),
    at("an unknown constraint", field_with("id", constraints={"min": 1}), "/fields/0/constraints/min", "did you mean 'minimum'?"),
    at("required as text", field_with("id", constraints={"required": "yes"}), "/fields/0/constraints/required", "required"),
    at("a minimum above the maximum", field_with("id", constraints={"minimum": 2, "maximum": 1}), "/fields/0/constraints/minimum", "greater than the maximum", "swap them"),
    at("a minimum as text", field_with("id", constraints={"minimum": "a"}), "/fields/0/constraints/minimum", "minimum"),
    at("a minimum of text columns", field_with("city", constraints={"minimum": 1}), "/fields/3/constraints/minimum", "minimum"),
    at("an empty enum", field_with("city", constraints={"enum": []}), "/fields/3/constraints/enum", "enum"),
    at("an enum of another type", field_with("id", constraints={"enum": ["a"]}), "/fields/0/constraints/enum", "enum"),
    at("a pattern that is none", field_with("city", constraints={"pattern": "("}), "/fields/3/constraints/pattern", "pattern"),
    at("a pattern with a look-ahead", field_with("city", constraints={"pattern": "(?=a)b"}), "/fields/3/constraints/pattern", "pattern"),
    at("a pattern of 2,000 characters", field_with("city", constraints={"pattern": "a" * 2000}), "/fields/3/constraints/pattern", "1,000"),
    at("a pattern that expands", field_with("city", constraints={"pattern": "((a{100}){100}){100}"}), "/fields/3/constraints/pattern", "pattern"),
    at("a pattern of a number", field_with("id", constraints={"pattern": "1+"}), "/fields/0/constraints/pattern", "pattern"),
    at("an unknown role", field_with("id", ml8s__role="target"), "/fields/0/ml8s:role", "'target' is not possible here", "one of key, time"),
    at("a role as a list", field_with("id", ml8s__role=["key"]), "/fields/0/ml8s:role", "is not possible here"),
    at("two times", schema_with(lambda s: [f.update({"ml8s:role": "time"}) for f in s["fields"] if f["name"] in ("when", "born")]), "/fields/6/ml8s:role", "both have the role time"),
    at("a time that is a text", field_with("city", ml8s__role="time"), "/fields/3/ml8s:role", "must be datetime or date"),
    at("an unknown way to log", field_with("id", ml8s__log="mask"), "/fields/0/ml8s:log", "one of keep, drop, hash"),
    at("a key of an unknown column", top_with(primaryKey="idd"), "/primaryKey", "no field is called 'idd'", "did you mean 'id'?"),
    at("a key that names a column twice", top_with(primaryKey=["id", "id"]), "/primaryKey", "stands twice in this key"),
    at("a key as a number", top_with(primaryKey=1), "/primaryKey", "a column's name or a list of them"),
    at("missing values as a text", top_with(missingValues="NA"), "/missingValues", "a list of at most 100 texts"),
    at("missing values as numbers", top_with(missingValues=[-999]), "/missingValues", "a list of at most 100 texts"),
    at("an as-of that is no time", top_with(ml8s__as_of="yesterday"), "/ml8s:as_of", "is no ISO 8601 time", "write it in UTC"),
    at("an as-of as a number", top_with(ml8s__as_of=20260101), "/ml8s:as_of", "is no ISO 8601 time"),
    at("a foreign key to nowhere", top_with(foreignKeys=[{"fields": "id", "reference": {"resource": "customers", "fields": "id"}}]), "/foreignKeys/0", "customers"),
    at("a foreign key as a text", top_with(foreignKeys="id"), "/foreignKeys", "foreignKeys"),
    at("foreign keys of unequal length", top_with(foreignKeys=[{"fields": ["id", "y"], "reference": {"resource": "", "fields": ["id"]}}]), "/foreignKeys/0", "fields"),
    at("tables as a list", top_with(ml8s__tables=[]), "/ml8s:tables", "is an object of at most 50 tables"),
    at("a table without a path", top_with(ml8s__tables={"customers": {"schema": {"fields": [{"name": "id", "type": "integer"}]}}}), "/ml8s:tables/customers", "path"),
    at("a table with a bad name", top_with(ml8s__tables={"Customers!": {"path": "train.parquet", "schema": {"fields": [{"name": "id", "type": "integer"}]}}}), "/ml8s:tables/Customers!", "is no name of a table"),
    at("a table above the snapshot", top_with(ml8s__tables={"customers": {"path": "../c.parquet", "schema": {"fields": [{"name": "id", "type": "integer"}]}}}), "/ml8s:tables/customers/path", "is no file of this snapshot", "a relative path"),
    at("a table at the root", top_with(ml8s__tables={"customers": {"path": "/etc/passwd", "schema": {"fields": [{"name": "id", "type": "integer"}]}}}), "/ml8s:tables/customers/path", "is no file of this snapshot"),
    at("a table that is train", top_with(ml8s__tables={"customers": {"path": "train.parquet", "schema": {"fields": [{"name": "id", "type": "integer"}]}}}), "/ml8s:tables/customers/path", "stands twice"),
    at("a table of null", top_with(ml8s__tables={"customers": None}), "/ml8s:tables/customers", "needs a path and a schema"),
    at("a schema in another file", top_with(ml8s__tables={"customers": {"path": "c.parquet", "schema": "c.json"}}), "/ml8s:tables/customers", "needs a path and a schema"),
]

CASES: Final = [*TEXTS, *STRUCTURE]
