"""What is said about each bad config: code, place, message and cure."""

from __future__ import annotations

import pytest

from ml8s.config.loader import parse_config
from ml8s.errors import ConfigError
from tests.config import bad_configs


@pytest.mark.parametrize(
    "bad", bad_configs.ALL, ids=[f"{i}: {bad.yaml[:48]!r}" for i, bad in enumerate(bad_configs.ALL)]
)
def test_a_bad_config_gets_its_code_its_place_and_its_cure(bad: bad_configs.Bad) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(bad.text, "fraud_v3.yaml")
    error = refused.value
    assert error.code == bad.code
    assert [problem.where for problem in error.problems] == [f"fraud_v3.yaml:{bad.where}"]
    [problem] = error.problems
    assert bad.message in problem.message
    assert bad.cure in problem.cure
    assert error.exit_status == 2


def test_the_table_is_large() -> None:
    assert len(bad_configs.ALL) >= 120
    assert len({bad.text for bad in bad_configs.ALL}) == len(bad_configs.ALL)
