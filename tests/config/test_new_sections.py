"""What a section that comes with a later version changes for configs without it: nothing."""

from __future__ import annotations

from ml8s.config.digests import config_digest
from ml8s.config.model import Config, Split


def test_a_section_that_a_config_does_not_have_is_in_no_digest() -> None:
    config = Config(dataset_uri="x", task="regression", target_column="y", split=Split(strategy="random"))
    assert config_digest(config, ["task", "split", "forecasting"]) == config_digest(config, ["task", "split"])
    assert config_digest(config, ["task"]) != config_digest(config, ["task", "split"])
