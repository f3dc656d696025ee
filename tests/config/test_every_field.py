"""Every leaf of the model x every way to get a value wrong: accepted as documented, or refused with code and place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from ml8s.artifacts import Json
from ml8s.config.fields import ANY, Field, fields
from ml8s.config.flow import flow
from ml8s.config.loader import load_config
from ml8s.config.strict_yaml import NotReadable, parse
from ml8s.errors import ConfigError, ConfigUnreadable, InvalidConfig
from tests.config.hostile import HOSTILE, TEMPLATES
from tests.config.leaves import ENTITY, LEAVES, Leaf, outside

NEVER: Final = (".nan", "-.inf", ".inf", "1e999", "18446744073709551616", "-18446744073709551616")
"""No field takes these: they are no JSON, or beyond what every reader of JSON keeps exactly."""

VALUES: Final = (
    *NEVER,
    "",
    "null",
    "~",
    "''",
    "[]",
    "{}",
    '"600"',
    "600",
    "0",
    "-1",
    "0.5",
    "1e308",
    "true",
    "false",
    "no",
    "on",
    "12:30:45",
    "2026-01-01",
    "some text",
    "[1]",
    "[[a]]",
    "[null]",
    "[true]",
    "{a: 1}",
    "{a: {b: c}}",
)


def documented(field: Field, value: Json) -> bool:
    """Whether a value is of a kind that `ml8s explain` gives a field, and one of its few values where it has few."""
    kinds = field.kind.replace("true or false", "boolean").split(" or ")
    match value:
        case None:
            return field.default is None and not field.required
        case bool():
            return "boolean" in kinds
        case int():
            return not {"whole number", "number"}.isdisjoint(kinds)
        case float():
            return "number" in kinds
        case str():
            return "text" in kinds and (not field.allowed or value in field.allowed)
        case list():
            inside = all(isinstance(item, str) for item in value)
            return kinds == ["list of text"] and inside
        case _:
            return kinds == ["mapping"]


def at(leaf: Leaf, config: Json) -> Json:
    """A leaf's value in a config."""
    for part in leaf.path:
        assert isinstance(config, Mapping)
        config = config[part]
    return config


def fits(leaf: Leaf, text: str) -> bool:
    """Whether what is written there is readable and of the documented kind, so that only a rule may refuse it."""
    try:
        document = parse(text)
    except NotReadable:
        return False
    return not document.faults and documented(leaf.field, at(leaf, document.value))


def judged(leaf: Leaf, written: str, folder: Path) -> bool:
    """Reads a config whose leaf is written so: True where it is accepted, as documented; else it is refused in full.

    No other exception than a ConfigError gets out of it, and nothing is written beside the file.
    """
    text, line, column = leaf.config(written)
    path = folder / "fraud.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        loaded = load_config(path)
    except ConfigError as error:
        assert_refused(error, f"{path}:{line}:", column - len(f"{leaf.path[-1]}: "), fits(leaf, text))
        return False
    finally:
        assert [*folder.iterdir()] == [path], "something was written"
    value = at(leaf, parse(text).value)
    assert documented(leaf.field, value), f"{leaf.name} took {written}, and is {leaf.field.kind}"
    by_default = path.stem if leaf.name == "name" and value is None else value
    assert at(leaf, loaded.config.model_dump(mode="json")) == by_default, "a value was taken for another"
    return True


def assert_refused(error: ConfigError, line: str, column: int, by_a_rule: bool) -> None:
    """A refusal has a code, and each problem a place and a cure; one is in the leaf's line, at its key or after it.

    A rule between fields may name the other field.
    """
    assert error.code in (ConfigUnreadable.code, InvalidConfig.code)
    assert error.exit_status == 2
    for problem in error.problems:
        assert problem.message
        assert problem.cure
        assert all(part.isdecimal() for part in problem.where.split(":")[-2:])
    here = [problem.where for problem in error.problems if problem.where.startswith(line)]
    assert here or by_a_rule, f"nothing is said of its line: {[problem.where for problem in error.problems]}"
    assert all(int(where.rpartition(":")[2]) >= column for where in here)


def test_the_walk_finds_what_explain_lists() -> None:
    listed = {path for path, field in fields().items() if not field.section}
    assert {".".join(ANY if part == ENTITY else part for part in leaf.path) for leaf in LEAVES} == listed


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_a_field_takes_what_is_documented_and_refuses_the_rest(leaf: Leaf, tmp_path: Path) -> None:
    taken = [written for written in VALUES if judged(leaf, written, tmp_path)]
    assert set(taken).isdisjoint(NEVER)
    beyond = [value for value in outside(leaf) if judged(leaf, flow(value), tmp_path)]
    assert beyond == [], "out of its range, and taken"


def test_the_table_is_large() -> None:
    assert len(LEAVES) >= 45
    assert len(LEAVES) * len(VALUES) + sum(len(outside(leaf)) for leaf in LEAVES) >= 1300
    assert all(outside(leaf) for leaf in LEAVES if leaf.field.range or leaf.field.pattern or leaf.field.allowed)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_a_field_takes_its_own_example(leaf: Leaf, tmp_path: Path) -> None:
    text, line, _ = leaf.config(flow(leaf.field.example))
    (tmp_path / "fraud.yaml").write_text(text, encoding="utf-8")
    try:
        load_config(tmp_path / "fraud.yaml")
    except InvalidConfig as error:  # by a rule between fields alone, such as a group column beside random folds
        kinds = [problem.message for problem in error.problems if f":{line}:" in problem.where]
        assert not any(" must be " in message for message in kinds), kinds


NAMES_OF_THE_DATA: Final = {
    "dataset_uri",
    "target_column",
    "positive_class",
    "columns.ignore",
    "columns.weight",
    "columns.group",
    "split.time_column",
    "split.group_column",
    "split.identity",
    "feature_engineering.time_column",
    "feature_engineering.entities.shop.key",
    "feature_engineering.entities.shop.table",
    "feature_engineering.entities.shop.ignore",
    "forecasting.series_columns",
    "forecasting.known_columns",
    "evaluation.slices",
}
"""What others named, and may have named as they liked: files, columns, classes."""


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_a_hostile_text_is_data_or_refused(leaf: Leaf, tmp_path: Path) -> None:
    for text in HOSTILE[len(TEMPLATES) :]:
        taken = [value for value in leaf.holding(text) if judged(leaf, quoted(value), tmp_path)]
        assert not taken or leaf.name in NAMES_OF_THE_DATA, taken
    for text in TEMPLATES:
        for value in leaf.holding(text):
            assert not judged(leaf, quoted(value), tmp_path), value
            assert not judged(leaf, quoted(value).replace("{{", "\\x7b\\x7b"), tmp_path), "escaped"


def quoted(value: Json) -> str:
    """A value in the YAML that JSON is."""
    return json.dumps(value)
