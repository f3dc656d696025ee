"""``schema.json`` is read strictly: every problem at once, each at its JSON pointer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml8s.data.column_types import DATE, TIME
from ml8s.data.schema import Constraints, ForeignKey, TableSchema
from ml8s.data.schema_reader import read_schema
from ml8s.errors import InvalidSchema


def good() -> dict[str, Any]:
    return {
        "ml8s:version": 1,
        "ml8s:as_of": "2026-02-11T00:00:00Z",
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "city", "type": "string", "constraints": {"pattern": "[A-Z].*", "required": True}},
            {"name": "price", "type": "number", "constraints": {"minimum": 0, "maximum": 9.5}, "ml8s:log": "hash"},
            {"name": "day", "type": "date", "constraints": {"minimum": "1970-01-02"}},
            {"name": "at", "type": "datetime", "constraints": {"maximum": "1970-01-01T00:00:01Z"}, "ml8s:role": "time"},
            {"name": "ok", "type": "boolean", "constraints": {"enum": [True]}},
        ],
        "primaryKey": ["id"],
        "foreignKeys": [{"fields": "city", "reference": {"resource": "cities", "fields": "name"}}],
        "missingValues": ["", "NA"],
        "ml8s:tables": {
            "cities": {
                "path": "cities.parquet",
                "schema": {"fields": [{"name": "name", "type": "string"}, {"name": "since", "type": "date"}]},
                "time": "since",
            }
        },
    }


def read(value: object) -> TableSchema:
    return read_schema(value if isinstance(value, bytes) else json.dumps(value).encode())


def test_a_good_schema_is_read() -> None:
    schema = read(good())
    price, day, at = (schema.find(name) for name in ("price", "day", "at"))
    assert price is not None and day is not None and at is not None
    assert price.constraints == Constraints(minimum=0, maximum=9.5)
    assert price.log == "hash"
    assert (day.type, day.constraints.minimum) == (DATE, 1)
    assert (at.type, at.constraints.maximum, at.role) == (TIME, 1_000_000, "time")
    assert schema.as_of == 1_770_768_000_000_000
    assert schema.primary_key == ("id",)
    assert schema.foreign_keys == (ForeignKey(("city",), "cities", ("name",)),)
    assert schema.missing_values == ("", "NA")
    assert schema.tables["cities"].time == "since"


def set_at(path: str, value: object) -> Any:
    """A change: sets the value at a slash-separated path, or removes the key where the value is ``...``."""

    def change(schema: Any) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        for part in parents:
            schema = schema[part]
        if value is ...:
            del schema[last]
        else:
            schema[last] = value

    return change


CASES = [
    ("ml8s:version", ..., "#/ml8s:version", "is None"),
    ("ml8s:version", 2, "#/ml8s:version", "is 2"),
    ("ml8s:version", True, "#/ml8s:version", "is True"),
    ("ml8s:as_of", "yesterday", "#/ml8s:as_of", "no ISO 8601 time"),
    ("ml8s:as_of", 20260211, "#/ml8s:as_of", "no ISO 8601 time"),
    ("ml8s:as_off", "x", "#/ml8s:as_off", "not known here"),
    ("primarykey", "id", "#/primarykey", "not known here"),
    ("uniqueKeys", [["id"]], "#/uniqueKeys", "not known here"),
    ("fields", ..., "#/fields", "must be a list"),
    ("fields", [], "#/fields", "must be a list"),
    ("fields", {"id": "integer"}, "#/fields", "must be a list"),
    ("fields/0", "id", "#/fields/0", "is an object"),
    ("fields/0/name", ..., "#/fields/0/name", "text of 1 to 256"),
    ("fields/0/name", "", "#/fields/0/name", "text of 1 to 256"),
    ("fields/0/name", "x" * 257, "#/fields/0/name", "text of 1 to 256"),
    ("fields/1/name", "id", "#/fields/1/name", "stands twice"),
    ("fields/1/name", "ID", "#/fields/1/name", "differs from 'id' in case only"),
    ("fields/0/type", ..., "#/fields/0/type", "none that ML8s reads"),
    ("fields/0/type", "int", "#/fields/0/type", "'int' is none"),
    ("fields/0/type", "geojson", "#/fields/0/type", "'geojson' is none"),
    ("fields/0/type", ["integer"], "#/fields/0/type", "none that ML8s reads"),
    ("fields/0/format", "email", "#/fields/0/format", "only the format 'default'"),
    ("fields/0/constrains", {}, "#/fields/0/constrains", "not known here"),
    ("fields/0/constraints", [], "#/fields/0/constraints", "is an object"),
    ("fields/0/constraints", {"minLength": 3}, "#/fields/0/constraints/minLength", "not known here"),
    ("fields/0/constraints", {"required": "yes"}, "#/fields/0/constraints/required", "true or false"),
    ("fields/0/constraints", {"unique": 1}, "#/fields/0/constraints/unique", "true or false"),
    ("fields/0/constraints", {"enum": []}, "#/fields/0/constraints/enum", "1 to 10,000 values"),
    ("fields/0/constraints", {"enum": [1, "2"]}, "#/fields/0/constraints/enum/1", "'2' is no integer"),
    ("fields/0/constraints", {"enum": [1, 1]}, "#/fields/0/constraints/enum", "twice"),
    ("fields/0/constraints", {"minimum": 1.5}, "#/fields/0/constraints/minimum", "1.5 is no integer"),
    ("fields/0/constraints", {"minimum": True}, "#/fields/0/constraints/minimum", "True is no integer"),
    ("fields/0/constraints", {"minimum": 3, "maximum": 2}, "#/fields/0/constraints/minimum", "greater than"),
    ("fields/1/constraints", {"minimum": "a"}, "#/fields/1/constraints/minimum", "a string has no minimum"),
    ("fields/5/constraints", {"maximum": True}, "#/fields/5/constraints/maximum", "a boolean has no maximum"),
    ("fields/3/constraints", {"minimum": "soon"}, "#/fields/3/constraints/minimum", "'soon' is no date"),
    ("fields/4/constraints", {"minimum": "2026-02-11"}, "#/fields/4/constraints/minimum", "is no datetime"),
    ("fields/0/constraints", {"pattern": "1.*"}, "#/fields/0/constraints/pattern", "an integer has no pattern"),
    ("fields/1/constraints", {"pattern": "("}, "#/fields/1/constraints/pattern", "no RE2 expression"),
    ("fields/1/constraints", {"pattern": "(?=a)"}, "#/fields/1/constraints/pattern", "no RE2 expression"),
    ("fields/1/constraints", {"pattern": "(a)\\1"}, "#/fields/1/constraints/pattern", "no RE2 expression"),
    ("fields/1/constraints", {"pattern": "((a{900}){900}){900}"}, "#/fields/1/constraints/pattern", "no RE2"),
    ("fields/1/constraints", {"pattern": "a" * 1001}, "#/fields/1/constraints/pattern", "1 to 1,000 characters"),
    ("fields/0/ml8s:role", "id", "#/fields/0/ml8s:role", "'id' is not possible"),
    ("fields/0/ml8s:role", "feature", "#/fields/0/ml8s:role", "not possible"),
    ("fields/0/ml8s:role", "time", "#/fields/0/ml8s:role", "has the role time and is a integer"),
    ("fields/3/ml8s:role", "time", "#/fields/4/ml8s:role", "both have the role time"),
    ("fields/0/ml8s:log", "hide", "#/fields/0/ml8s:log", "'hide' is not possible"),
    ("primaryKey", "idd", "#/primaryKey", "no field is called 'idd'"),
    ("primaryKey", ["id", "id"], "#/primaryKey", "twice"),
    ("primaryKey", 1, "#/primaryKey", "a column's name or a list"),
    ("missingValues", "NA", "#/missingValues", "list of at most 100 texts"),
    ("missingValues", [-999], "#/missingValues", "list of at most 100 texts"),
    ("foreignKeys", {}, "#/foreignKeys", "is a list"),
    ("foreignKeys/0", "city", "#/foreignKeys/0", "has fields and a reference"),
    ("foreignKeys/0/reference/resource", "citys", "#/foreignKeys/0/reference/resource", "no table is called 'citys'"),
    ("foreignKeys/0/fields", "town", "#/foreignKeys/0/fields", "no field is called 'town'"),
    ("foreignKeys/0/reference/fields", "nam", "#/foreignKeys/0/reference/fields", "no field is called 'nam'"),
    ("foreignKeys/0/fields", ["city", "id"], "#/foreignKeys/0", "different numbers of columns"),
    ("foreignKeys/0/fields", "id", "#/foreignKeys/0", "'id' is a integer, 'name' in 'cities' a string"),
    ("ml8s:tables", [], "#/ml8s:tables", "at most 50 tables"),
    ("ml8s:tables/cities/path", "../cities.parquet", "#/ml8s:tables/cities/path", "no file of this snapshot"),
    ("ml8s:tables/cities/path", "/etc/passwd.parquet", "#/ml8s:tables/cities/path", "no file of this snapshot"),
    ("ml8s:tables/cities/path", "a/./b.parquet", "#/ml8s:tables/cities/path", "no file of this snapshot"),
    ("ml8s:tables/cities/path", "cities.csv", "#/ml8s:tables/cities/path", "no file of this snapshot"),
    ("ml8s:tables/cities/path", "Train.parquet", "#/ml8s:tables/cities/path", "stands twice"),
    ("ml8s:tables/cities/schema", "cities.json", "#/ml8s:tables/cities", "needs a path and a schema"),
    ("ml8s:tables/cities/schema/fields/0/type", "text", "#/ml8s:tables/cities/schema/fields/0/type", "'text'"),
    ("ml8s:tables/cities/time", "name", "#/ml8s:tables/cities/time", "no datetime or date column"),
    ("ml8s:tables/cities/tme", None, "#/ml8s:tables/cities/tme", "not known here"),
    ("ml8s:tables/Big City", {}, "#/ml8s:tables/Big City", "no name of a table"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "pointer", "says"), CASES)
def test_a_bad_schema_is_refused_at_its_place(path: str, value: object, pointer: str, says: str) -> None:
    schema = good()
    set_at(path, value)(schema)
    with pytest.raises(InvalidSchema) as caught:
        read(schema)
    found = [problem for problem in caught.value.problems if problem.where == f"schema.json{pointer}"]
    assert found, caught.value.problems
    assert any(says in problem.message for problem in found), found
    assert all(problem.cure for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "in line 1, column 2"),
        (b"\xff\xfe{}", "is not UTF-8"),
        (b'{"fields": [], "fields": []}', "'fields' stands twice"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": -Infinity}', "no JSON number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not strict JSON"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "nested deeper than 16"),
        (b'{"a": ' * 17 + b"1" + b"}" * 17, "nested deeper than 16"),
        (b'"' + b" " * (4 << 20) + b'"', "bytes large"),
        (b"[]", "problem"),
        (b"null", "problem"),
    ],
)
def test_what_is_no_strict_json_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(InvalidSchema, match=says):
        read(data)


def test_brackets_in_texts_do_not_count_as_depth() -> None:
    schema = good()
    schema["description"] = "[{" * 100 + '\\"'
    assert read(schema).primary_key == ("id",)


def test_all_problems_come_at_once() -> None:
    schema = good()
    for path, value in (("ml8s:version", 3), ("fields/0/type", "x"), ("primaryKey", "nr"), ("missingValues", 1)):
        set_at(path, value)(schema)
    with pytest.raises(InvalidSchema, match="has 4 problems") as caught:
        read(schema)
    assert {problem.where.split("#")[1] for problem in caught.value.problems} >= {
        "/ml8s:version", "/fields/0/type", "/primaryKey", "/missingValues",
    }  # fmt: skip


def test_more_than_five_thousand_fields_are_refused() -> None:
    schema = {"ml8s:version": 1, "fields": [{"name": f"c{n}", "type": "number"} for n in range(5001)]}
    with pytest.raises(InvalidSchema) as caught:
        read(schema)
    assert "at most 5,000" in caught.value.problems[0].message
