"""Rules of the tree that no linter knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCES = sorted(Path("ml8s").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "core", "legacy", "misc"}


def test_there_are_sources() -> None:
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_is_named_by_its_noun(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_nothing_is_ever_unpickled(path: Path) -> None:
    assert not re.search(r"^\s*(import|from)\s+(pickle|cloudpickle|joblib|skops|dill|shelve)\b", path.read_text(), re.M)
    assert "allow_pickle=True" not in path.read_text()


@pytest.mark.parametrize("module", ["hera", "evidently", "bentoml", "flaml"])
def test_a_heavy_library_is_imported_in_one_file(module: str) -> None:
    pattern = re.compile(rf"^\s*(import|from)\s+{module}\b", re.M)
    assert len([path for path in SOURCES if pattern.search(path.read_text())]) <= 1
