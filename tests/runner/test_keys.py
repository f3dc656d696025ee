"""Step keys: every ingredient changes a key, nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml8s.catalogue import step
from ml8s.config.model import Config
from ml8s.runner.keys import KeyParts, key_parts, run_key, time_budget, why_changed

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
PARTS = st.builds(
    KeyParts,
    step=st.sampled_from(["split", "search"]),
    item=st.none() | st.sampled_from(["lgbm", "rf"]),
    version=st.integers(1, 9),
    inputs=st.dictionaries(st.sampled_from(["dataset", "candidate[lgbm]", "candidate[rf]"]), DIGESTS),
    sections=st.dictionaries(st.sampled_from(["seed", "split", "task"]), DIGESTS),
    code=st.dictionaries(st.sampled_from(["image", "ml8s", "python"]), DIGESTS, min_size=1),
)
CODE = {"ml8s": "a", "distributions": "b", "python": "3.11", "libc": "glibc 2.36", "pin": "c"}


def make_config(**fields: object) -> Config:
    base: dict[str, object] = {"dataset_uri": "data", "task": "classification", "target_column": "y"}
    return Config.model_validate({**base, "split": {"strategy": "random"}, **fields})


def key(name: str = "split", config: Config | None = None, item: str | None = None, code: object = None) -> str:
    spec = step(name)
    inputs = {port.name: "1" * 64 for port in spec.inputs}
    return key_parts(spec, item, config or make_config(), inputs, CODE if code is None else code).key  # type: ignore[arg-type]


@given(PARTS, PARTS)
def test_equal_keys_mean_equal_parts(one: KeyParts, other: KeyParts) -> None:
    assert (one.key == other.key) == (one == other)


@given(PARTS, DIGESTS)
def test_every_ingredient_changes_the_key(parts: KeyParts, digest: str) -> None:
    changed = [
        replace(parts, step=parts.step + "x"),
        replace(parts, item=(parts.item or "") + "x"),
        replace(parts, version=parts.version + 1),
        replace(parts, inputs={**parts.inputs, "more": digest}),
        replace(parts, sections={**parts.sections, "more": digest}),
        replace(parts, code={**parts.code, "more": digest}),
    ]
    assert len({parts.key, *(one.key for one in changed)}) == len(changed) + 1


@given(PARTS)
def test_the_order_of_what_goes_in_changes_nothing(parts: KeyParts) -> None:
    backwards = replace(parts, inputs=dict(reversed(parts.inputs.items())), code=dict(reversed(parts.code.items())))
    assert backwards.key == parts.key


@pytest.mark.parametrize(
    ("name", "fields", "changes"),
    [
        ("split", {"seed": 1}, True),
        ("split", {"split": {"strategy": "random", "tune": 0.3}}, True),
        ("split", {"automl": {"max_trials": 3}}, False),
        ("split", {"dataset_uri": "s3://bucket/elsewhere"}, False),
        ("split", {"resources": {"cpu": 16}}, False),
        ("split", {"name": "other"}, False),
        ("split", {"seed": 0}, False),
        ("search", {"automl": {"estimators": ("rf",)}}, False),
        ("search", {"automl": {"max_trials": 3}}, True),
        ("search", {"automl": {"blend": True}}, False),
        ("validate", {"split": {"strategy": "random", "tune": 0.3}}, False),
        ("evaluate", {"evaluation": {"gates": {"roc_auc": ">= 0.9"}}}, True),
    ],
)
def test_a_key_reads_the_sections_of_its_step_and_no_address(
    name: str, fields: dict[str, object], changes: bool
) -> None:
    assert (key(name) != key(name, make_config(**fields))) == changes


def test_the_items_of_a_fan_out_have_keys_of_their_own() -> None:
    assert key("search", item="lgbm") != key("search", item="rf")


def test_a_budget_written_beside_max_trials_is_in_the_key_even_where_it_is_the_default() -> None:
    alone = make_config(automl={"max_trials": 9})
    both = make_config(automl={"max_trials": 9, "time_budget": 600.0})
    assert (time_budget(alone), time_budget(both), time_budget(make_config())) == (None, 600, 600)
    assert key("search", alone) != key("search", both)
    assert key("search") == key("search", make_config(automl={"time_budget": 600.0}))


def test_the_code_is_in_the_key() -> None:
    assert len({key(code={**CODE, part: "other"}) for part in CODE} | {key()}) == len(CODE) + 1


def test_a_run_key_names_config_snapshot_and_code() -> None:
    keys = {
        run_key("a", "b", CODE),
        run_key("x", "b", CODE),
        run_key("a", "x", CODE),
        run_key("a", "b", {"image": "i"}),
    }
    assert len(keys) == 4


def test_what_changed_is_said_by_name() -> None:
    before = KeyParts("split", None, 1, {"dataset": "1"}, {"seed": "1"}, CODE)
    assert why_changed(before, None) == "first run"
    assert why_changed(before, before) == "its result is not in this store"
    assert why_changed(replace(before, version=2), before) == "step version 1 became 2"
    assert why_changed(replace(before, inputs={"dataset": "2"}), before) == "input dataset changed"
    changed = replace(before, sections={"seed": "2"}, code={**CODE, "distributions": "x"})
    assert why_changed(changed, before) == "section seed changed; code: distributions changed"
