"""The Dockerfiles of the step images: pinned as the code is, hash-locked, and with nothing that moves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ml8s.catalogue import STEPS
from ml8s.compile import PYTHON, USER
from ml8s.environment import PIN

FOLDER = Path(__file__).parents[2] / "step-images"
FAMILIES = sorted(path.parent.name for path in FOLDER.glob("*/Dockerfile"))


def test_every_family_of_the_catalogue_has_an_image() -> None:
    assert {spec.image for spec in STEPS} <= set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_has_the_environment_pin(family: str) -> None:
    text = (FOLDER / family / "Dockerfile").read_text()
    found = dict(re.findall(r'^(?:ENV|   ) (\w+)="([^"]*)"', text, re.MULTILINE))
    assert found == dict(PIN)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_is_locked_and_runs_as_nobody(family: str) -> None:
    text = (FOLDER / family / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE_IMAGE}"] * 2
    for word in ("--require-hashes", "--no-deps", "--only-binary :all:", "unchecked-hash"):
        assert word in text
    assert f"USER {USER}:{USER}" in text
    assert f'ENTRYPOINT ["{PYTHON}", "-m", "ml8s.steps"]' in text
    assert not re.search(r"apt|curl|wget|latest", text)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_imports_each_of_its_steps_when_it_is_built(family: str) -> None:
    text = (FOLDER / family / "Dockerfile").read_text()
    imported = set(re.findall(r"ml8s\.steps\.(\w+)", text))
    assert imported == {spec.name for spec in STEPS if spec.image == family}
