"""The strict reader and its counterpart that writes values in one line."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ml8s.config.flow import flow
from ml8s.config.strict_yaml import NotReadable, Position, parse

TEXT = st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example(["no", "1d", "1e5", "010", "a: b", "- a", "# x", "", " ", "~", "<<", "=", ".", "..", "s3://b/x", "a\u2028b"])
@example({"<<": {"1": "true", "null": None}})
def test_a_value_written_in_one_line_is_read_back(value: object) -> None:
    line = flow(value)  # type: ignore[arg-type]
    document = parse(f"v: {line}\n")
    if "{{" in line:
        assert document.faults
    else:
        assert document.value == {"v": value}
        assert not document.faults


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_read_or_refused_with_a_place_and_a_cure(text: str) -> None:
    try:
        faults = parse(text).faults
    except NotReadable as refused:
        faults = [refused.fault]
    for fault in faults:
        assert fault.message
        assert fault.cure
        assert fault.position >= Position(1, 1)


@given(TEXT)
@example("\U0001f600 and \u2028")
def test_a_text_of_json_is_the_same_text(text: str) -> None:
    document = parse(f"v: {json.dumps(text)}\n")
    if "{{" not in text:
        assert (document.value, document.faults) == ({"v": text}, [])


YAML_TEXT = st.lists(
    st.sampled_from(["a", "b:", " ", "  ", "\n", "- ", "[", "]", "{", "}", ",", "'x'", '"y"', "&z ", "*z", "? ", ": ",
                     "#", "|", ">", "!!str ", "\t", "---\n", "...\n", "%YAML 1.2\n", "<<: ", "{{"]), max_size=24,
).map("".join)  # fmt: skip


@given(YAML_TEXT)
def test_whatever_is_accepted_is_what_a_plain_reader_reads(text: str) -> None:
    try:
        document = parse(text)
    except NotReadable:
        return
    if not document.faults:
        assert _with_empty_text(document.value) == yaml.load(text, Loader=yaml.BaseLoader)


def _with_empty_text(value: object) -> object:
    """The value as a reader gives it that knows text only."""
    if isinstance(value, dict):
        return {key: _with_empty_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_empty_text(item) for item in value]
    return "" if value is None else value


def test_positions_name_keys_and_values() -> None:
    document = parse("a:\n  b: [1, {c: 2}]\n")
    assert document.keys[("a", "b")] == Position(2, 3)
    assert document.values[("a", "b")] == Position(2, 6)
    assert document.values[("a", "b", 1, "c")] == Position(2, 14)
    assert document.keys[("a", "b", 1, "c")] == Position(2, 11)


@pytest.mark.parametrize(
    "text",
    ["[" * 30_000, "{a: " * 15_000, "- " * 30_000, "? " * 30_000, "a: " + "'" * 60_000, "&a [*a" * 9_000,
     "k: |\n" + " x\n" * 20_000,
     "x" * 60_000, "\n".join(f"k{i}: {i}" for i in range(6_000)), "a: " + "9" * 60_000, "#" * 60_000, "{{" * 30_000],
)  # fmt: skip
def test_hostile_texts_cost_little(text: str) -> None:
    start = time.process_time()
    try:
        parse(text)
    except NotReadable as refused:
        assert refused.fault.cure
    assert time.process_time() - start < 2
