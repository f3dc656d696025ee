"""Whatever a config says, it is accepted or refused in words: no input is a bug."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ml8s.config import problems, show
from ml8s.config.fields import fields
from ml8s.config.flow import flow
from ml8s.config.loader import parse_config
from ml8s.config.model import Config
from ml8s.config.rules import RULES
from ml8s.config.strict_yaml import parse
from ml8s.errors import ConfigError, InvalidUsage
from tests.config import bad_configs

PRODUCT = (Path(__file__).parent / "product.yaml").read_text()
PATHS = [field.path for field in fields().values()]
REQUIRED = {"dataset_uri": "data", "task": "classification", "target_column": "y", "split": {"strategy": "random"}}

WORDS = st.sampled_from(
    [
        "y",
        "t",
        "no",
        "roc_auc",
        "f1",
        "lgbm",
        "rf",
        "time",
        "random",
        "group",
        "7d",
        "all",
        ">= 0.9",
        "",
        "10m",
        "fit+tune",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-3, 10**6) | st.floats(-1, 2) | WORDS | st.text(max_size=8)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(WORDS, SCALARS, max_size=3)


def check(text: str, *overrides: str) -> None:
    """Accepted configs survive being shown and read again; refused ones have a place and a cure for each problem."""
    try:
        loaded = parse_config(text, "fraud.yaml", overrides)
    except InvalidUsage as refused:
        assert overrides
        assert refused.cure
    except ConfigError as refused:
        assert refused.problems or "is too large" in refused.message
        for problem in refused.problems:
            assert problem.message
            assert problem.where
            assert problem.cure
    else:
        assert parse_config(show.as_yaml(loaded), "shown.yaml").config == loaded.config


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(PRODUCT)))
    length = data.draw(st.integers(0, 12))
    inserted = data.draw(
        st.text(st.sampled_from(" \n\t:-[]{},'\"&*!|>#%@`?~.0123456789abcxyz\u00e9\u2028"), max_size=6)
    )
    check(PRODUCT[:start] + inserted + PRODUCT[start + length :])


@given(st.dictionaries(st.sampled_from([*PATHS, "deploy", "automl.x"]), VALUES, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_values_of_the_fields_are_read_or_refused(given_values: dict[str, object]) -> None:
    value: dict[str, object] = json.loads(json.dumps(REQUIRED))
    for path, item in given_values.items():
        section, _, name = path.rpartition(".")
        target = value.setdefault(section, {}) if section else value
        if isinstance(target, dict):
            target[name] = item
    check("".join(f"{key}: {flow(item)}\n" for key, item in value.items()))  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(st.sampled_from([*PATHS, "deploy.x", "task.y.z", "a..b", ""]), VALUES | st.just("[")), max_size=3
    )
)
@settings(max_examples=100, deadline=None)
def test_any_overrides_are_read_or_refused(given_values: list[tuple[str, object]]) -> None:
    check(PRODUCT, *(f"{path}={item if item == '[' else flow(item)}" for path, item in given_values))  # type: ignore[arg-type]


def test_every_rule_is_broken_by_a_row_of_the_table() -> None:
    configs = []
    for bad in (*bad_configs.RULES, *bad_configs.FORECASTS, *bad_configs.RANGES, *bad_configs.ADDRESSES):
        try:
            configs.append(Config.model_validate_json(json.dumps(parse(bad.text).value)))
        except ValidationError:
            continue
    unbroken = [rule.check.__name__ for rule in RULES if not any(list(rule.check(config)) for config in configs)]
    assert unbroken == []


def test_every_kind_of_refusal_that_has_words_is_in_the_table() -> None:
    kinds = {error["type"] for bad in bad_configs.ALL if bad.code == bad_configs.VALUES for error in refusals(bad.text)}
    assert kinds == set(problems.PHRASES)


def refusals(text: str) -> list[ErrorDetails]:
    try:
        Config.model_validate_json(json.dumps(parse(text).value))
    except ValidationError as error:
        return error.errors()
    return []
