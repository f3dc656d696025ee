"""Reads ``schema.json`` and reports every problem at once, each with its JSON pointer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from ml8s.artifacts import Json
from ml8s.data.column_types import DATE, TIME
from ml8s.data.dataset import TRAIN, VALIDATION
from ml8s.data.instants import instant_of
from ml8s.data.schema import FILE_NAME, SELF, VERSION, Field, ForeignKey, FurtherTable, TableSchema
from ml8s.data.schema_fields import read_fields
from ml8s.data.schema_json import SchemaProblems, pointer, read_strict_json

MAX_TABLES: Final = 50
MAX_MISSING: Final = 100

_ANNOTATIONS: Final = ("name", "title", "description", "$schema")
_TABLE_KEYS: Final = ("fields", "primaryKey", "foreignKeys", "missingValues", *_ANNOTATIONS)
_TOP_KEYS: Final = (*_TABLE_KEYS, "ml8s:version", "ml8s:as_of", "ml8s:tables")
_FURTHER_KEYS: Final = ("path", "schema", "time")
TABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PATH: Final = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.=-]*/)*[A-Za-z0-9_][A-Za-z0-9_.=-]*\.parquet")


def read_schema(data: bytes, where: str = FILE_NAME) -> TableSchema:
    """Reads the bytes of a ``schema.json``.

    Raises:
        InvalidSchema: it is no strict JSON (UTF-8, at most 4 MiB and 16 levels, no key twice, no NaN), or no
            Table Schema that ML8s reads; ``problems`` holds all of them.
    """
    problems = SchemaProblems(where)
    value = read_strict_json(data, where)
    if not isinstance(value, Mapping):
        problems.add("", "a Table Schema is a JSON object", 'begin with {"fields": […]}')
        problems.raise_if_any()
        return TableSchema(())
    problems.check_keys(value, _TOP_KEYS, "")
    version = value.get("ml8s:version")
    if version != VERSION or isinstance(version, bool):
        message = f"ml8s:version is {version!r}; this release reads {VERSION}"
        problems.add("/ml8s:version", message, f'add "ml8s:version": {VERSION} at the top level')
    tables = _read_tables(value.get("ml8s:tables", {}), problems)
    schema = _read_table(value, "", tables, problems)
    as_of = _read_as_of(value.get("ml8s:as_of"), problems)
    problems.raise_if_any()
    return TableSchema(schema.fields, schema.primary_key, schema.foreign_keys, schema.missing_values, as_of, tables)


def _read_table(
    value: Mapping[str, Json], at: str, tables: Mapping[str, FurtherTable], problems: SchemaProblems
) -> TableSchema:
    """The fields and keys of one table; foreign keys may name the table itself or one of ``tables``."""
    fields = read_fields(value.get("fields"), at + "/fields", problems)
    bare = TableSchema(
        tuple(fields),
        _read_names(value.get("primaryKey", []), at + "/primaryKey", fields, problems),
        missing_values=_read_missing(value.get("missingValues", [""]), at + "/missingValues", problems),
    )
    _check_roles(fields, at, problems)
    known = {SELF: bare, **{name: table.schema for name, table in tables.items()}}
    keys = _read_foreign_keys(value.get("foreignKeys", []), at + "/foreignKeys", known, problems)
    return TableSchema(bare.fields, bare.primary_key, keys, bare.missing_values)


def _check_roles(fields: list[Field], at: str, problems: SchemaProblems) -> None:
    first: dict[str, str] = {}
    for index, one in enumerate(fields):
        if one.role not in ("time", "weight", "group"):
            continue
        place = at + pointer("fields", index, "ml8s:role")
        if one.role in first:
            message = f"{one.name!r} and {first[one.role]!r} both have the role {one.role}"
            problems.add(place, message, "give the role to one column")
        first.setdefault(one.role, one.name)
        if one.role == "time" and one.type not in (TIME, DATE):
            problems.add(
                place, f"{one.name!r} has the role time and is a {one.type}", "its type must be datetime or date"
            )


def _read_names(value: Json, at: str, fields: list[Field], problems: SchemaProblems) -> tuple[str, ...]:
    """One column name or a list of them, all of which are fields."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        problems.add(at, "this is a column's name or a list of them", 'e.g. ["id"]')
        return ()
    known = [one.name for one in fields]
    for name in names:
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            cure = f"did you mean {close[0]!r}?" if close else "name a column of fields"
            problems.add(at, f"no field is called {name!r}", cure)
    if len(set(names)) < len(names):
        problems.add(at, "a column stands twice in this key", "name each column once")
    return tuple(str(name) for name in names)


def _read_missing(value: Json, at: str, problems: SchemaProblems) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or len(value) > MAX_MISSING
        or not all(isinstance(item, str) and len(item) <= 256 for item in value)
    ):
        problems.add(at, f"missingValues is a list of at most {MAX_MISSING} texts", 'e.g. ["", "NA"]')
        return ()
    return tuple(sorted({str(item) for item in value}))


def _read_as_of(value: Json, problems: SchemaProblems) -> int | None:
    if value is None:
        return None
    try:
        return instant_of(value) if isinstance(value, str) else _refuse()
    except ValueError:
        cure = 'write it in UTC, e.g. "2026-02-11T00:00:00Z"'
        problems.add("/ml8s:as_of", f"ml8s:as_of {value!r} is no ISO 8601 time", cure)
        return None


def _refuse() -> int:
    raise ValueError


def _read_tables(value: Json, problems: SchemaProblems) -> dict[str, FurtherTable]:
    at = "/ml8s:tables"
    if not isinstance(value, Mapping) or len(value) > MAX_TABLES:
        problems.add(at, f"ml8s:tables is an object of at most {MAX_TABLES} tables", 'e.g. {"customers": {…}}')
        return {}
    tables: dict[str, FurtherTable] = {}
    paths = {TRAIN.casefold(), VALIDATION.casefold()}
    for name, source in value.items():
        table = _read_further(name, source, at + pointer(name), problems)
        if table is None:
            continue
        if table.path.casefold() in paths:
            problems.add(at + pointer(name, "path"), f"the file {table.path!r} stands twice", "give it its own file")
        paths.add(table.path.casefold())
        tables[name] = table
    return tables


def _read_further(name: str, source: Json, at: str, problems: SchemaProblems) -> FurtherTable | None:
    if not TABLE_NAME.fullmatch(name):
        problems.add(at, f"{name!r} is no name of a table", "use lower-case letters, digits and _")
        return None
    if not isinstance(source, Mapping) or not isinstance(source.get("schema"), Mapping):
        problems.add(
            at, f"table {name!r} needs a path and a schema", '{"path": "x.parquet", "schema": {"fields": […]}}'
        )
        return None
    problems.check_keys(source, _FURTHER_KEYS, at)
    path = source.get("path")
    if not isinstance(path, str) or len(path) > 256 or not _PATH.fullmatch(path):
        problems.add(at + "/path", f"{path!r} is no file of this snapshot", 'a relative path, e.g. "customers.parquet"')
        return None
    inner = source["schema"]
    if not isinstance(inner, Mapping):
        return None
    problems.check_keys(inner, _TABLE_KEYS, at + "/schema")
    schema = _read_table(inner, at + "/schema", {}, problems)
    time = source.get("time")
    if time is not None:
        field = schema.find(time) if isinstance(time, str) else None
        if field is None or field.type not in (TIME, DATE):
            problems.add(at + "/time", f"{time!r} is no datetime or date column of {name!r}", "name one, or null")
            time = None
    return FurtherTable(path, schema, time if isinstance(time, str) else None, source)


def _read_foreign_keys(
    value: Json, at: str, known: Mapping[str, TableSchema], problems: SchemaProblems
) -> tuple[ForeignKey, ...]:
    if not isinstance(value, list):
        problems.add(at, "foreignKeys is a list", '[{"fields": "x", "reference": {"resource": "t", "fields": "x"}}]')
        return ()
    keys = (_read_foreign_key(item, at + pointer(index), known, problems) for index, item in enumerate(value))
    return tuple(key for key in keys if key is not None)


def _read_foreign_key(
    value: Json, at: str, known: Mapping[str, TableSchema], problems: SchemaProblems
) -> ForeignKey | None:
    reference = value.get("reference") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(reference, Mapping):
        cure = '{"fields": "x", "reference": {"resource": "t", "fields": "x"}}'
        problems.add(at, "a foreign key has fields and a reference", cure)
        return None
    problems.check_keys(value, ("fields", "reference"), at)
    problems.check_keys(reference, ("resource", "fields"), at + "/reference")
    resource = reference.get("resource", SELF)
    if not isinstance(resource, str) or resource not in known:
        tables = [name for name in known if name]
        close = get_close_matches(str(resource), tables, n=1)
        cure = f"did you mean {close[0]!r}?" if close else "declare it in ml8s:tables"
        problems.add(at + "/reference/resource", f"no table is called {resource!r}", cure)
        return None
    mine, theirs = known[SELF], known[resource]
    fields = _read_names(value.get("fields"), at + "/fields", list(mine.fields), problems)
    named = _read_names(reference.get("fields"), at + "/reference/fields", list(theirs.fields), problems)
    if len(fields) != len(named) or not fields:
        problems.add(at, "fields and reference name different numbers of columns", "name them in pairs")
        return None
    for left, right in zip(map(mine.find, fields), map(theirs.find, named), strict=True):
        if left is not None and right is not None and left.type != right.type:
            message = f"{left.name!r} is a {left.type}, {right.name!r} in {resource!r} a {right.type}"
            problems.add(at, message, "give both the same type")
    return ForeignKey(fields, resource, named)
