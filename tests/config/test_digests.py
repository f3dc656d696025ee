"""What changes the digest of a config, and what does not."""

from __future__ import annotations

import json
import random

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from ml8s.artifacts import canonical_json
from ml8s.catalogue import STEPS
from ml8s.config.digests import config_digest, pipeline_digest, section_digest
from ml8s.config.loader import parse_config
from ml8s.config.model import Config
from ml8s.errors import InvalidConfig

READS = [path for spec in STEPS for path in spec.reads]
LINES = [
    "dataset_uri: s3://bucket/v3/",
    "task: classification",
    "target_column: is_fraud",
    "split: {strategy: time, time_column: t, test: 0.3}",
    "automl: {max_trials: 5, blend: true}",
    'evaluation: {gates: {roc_auc: ">= 0.9", log_loss: "< 1"}}',
]


def config(*lines: str) -> Config:
    return parse_config("\n".join(lines or LINES) + "\n", "fraud.yaml").config


def digest(*lines: str) -> str:
    return config_digest(config(*lines), READS)


def test_the_order_of_keys_changes_nothing() -> None:
    shuffled = LINES.copy()
    random.Random(1).shuffle(shuffled)
    other = [
        line.replace('{roc_auc: ">= 0.9", log_loss: "< 1"}', '{log_loss: "< 1", roc_auc: ">= 0.9"}')
        for line in shuffled
    ]
    assert other != LINES
    assert digest(*other) == digest()


def test_the_order_of_a_list_is_part_of_the_config() -> None:
    assert digest(*LINES, "columns: {ignore: [a, b]}") != digest(*LINES, "columns: {ignore: [b, a]}")


def test_equal_lengths_of_time_are_one_value_however_spelled() -> None:
    def with_durations(day: str, week: str, hour: str) -> list[str]:
        engineering = f"windows: [{day}, {week}, all], refresh: {hour}, label_history: {{delay: {week}}}"
        split = f"split: {{strategy: time, time_column: t, gap: {day}}}"
        return [*LINES[:3], split, f"feature_engineering: {{enabled: true, {engineering}}}"]

    one, other = with_durations("1d", "7d", "1h"), with_durations("24h", "168h", "3600s")
    assert digest(*one) == digest(*other)
    assert config(*other).feature_engineering.windows == ("1d", "7d", "all")
    assert digest(*one) != digest(*with_durations("1d", "8d", "1h"))


def test_one_window_in_two_spellings_stands_twice() -> None:
    with pytest.raises(InvalidConfig) as caught:
        config(*LINES, "feature_engineering: {enabled: true, windows: [1d, 24h]}")
    assert [problem.message for problem in caught.value.problems] == [
        "`1d` stands twice in `feature_engineering.windows`"
    ]


@pytest.mark.parametrize(
    "line", ["seed: 0", "metric:", "columns: {}", "columns: {ignore: [], weight: null}", "resources: {cpu: 2.0}",
             "feature_engineering: {enabled: false, primitives: [count, mean, sum], refresh: 1d}"],
)  # fmt: skip
def test_a_default_written_out_changes_nothing(line: str) -> None:
    assert digest(*LINES, line) == digest()


def test_a_whole_number_and_its_decimal_form_are_one_value() -> None:
    assert digest(*LINES[:4], "automl: {time_budget: 60}") == digest(*LINES[:4], "automl: {time_budget: 60.0}")
    assert digest(*LINES[:4], "automl: {time_budget: 600}") == digest(*LINES[:4])


def test_an_address_changes_nothing() -> None:
    assert digest("dataset_uri: elsewhere", *LINES[1:]) == digest()


def test_resources_change_nothing() -> None:
    assert digest(*LINES, "resources: {cpu: 8, memory: 16Gi}") == digest()


@pytest.mark.parametrize(
    "line", ["seed: 1", "metric: log_loss", "name: other", "positive_class: 'yes'", "columns: {weight: w}",
             "feature_engineering: {enabled: true}"],
)  # fmt: skip
def test_a_value_that_decides_the_result_changes_the_digest(line: str) -> None:
    assert digest(*LINES, line) != digest()


def test_the_digest_of_a_pipeline_is_that_of_all_that_its_steps_read() -> None:
    paths = [*READS, *(spec.fan_out for spec in STEPS if spec.fan_out)]
    assert pipeline_digest(config(), STEPS) == config_digest(config(), paths)
    assert pipeline_digest(config(*LINES, "seed: 3"), STEPS) != pipeline_digest(config(), STEPS)


def test_a_true_and_a_one_are_different_classes() -> None:
    assert digest(*LINES, "positive_class: 1") != digest(*LINES, "positive_class: true")


def test_the_digest_of_a_section_depends_on_that_section_alone() -> None:
    changed = config(*LINES, "seed: 3")
    assert section_digest(changed, "automl") == section_digest(config(), "automl")
    assert section_digest(changed, "seed") != section_digest(config(), "seed")


def test_the_file_alone_decides_the_name_where_none_is_given() -> None:
    text = "\n".join(LINES) + "\n"
    named = parse_config(text + "name: fraud\n", "other.yaml").config
    assert config_digest(named, READS) == digest()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)  # fmt: skip


@given(JSON)
def test_canonical_json_is_that_of_rfc_8785(value: object) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(JSON)
def test_canonical_json_is_json_and_stable(value: object) -> None:
    once = canonical_json(value)  # type: ignore[arg-type]
    assert canonical_json(json.loads(once)) == once


@given(st.floats(min_value=2**53, max_value=1e22) | st.floats(min_value=-1e22, max_value=-(2**53)))
@example(2.0**53)
@example(2.0**53 + 2)
@example(2.0**63)
@example(1e21)
@example(999999999999999900000.0)
def test_a_double_beyond_2_53_is_read_back_as_the_same_number(value: float) -> None:
    once = canonical_json(value)
    assert once == rfc8785.dumps(value)
    back = json.loads(once)
    assert float(back) == value
    assert canonical_json({"nested": [back]}) == b'{"nested":[' + once + b"]}"


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53 + 1, 2**63, 10**21, [float("-inf")], {"a": -(2**60)}]
)
def test_what_json_cannot_name_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"is not JSON|beyond 2\*\*53"):
        canonical_json(value)  # type: ignore[arg-type]
