"""The step images: what they weigh above their base, and that building all of it again gives the same digest.

Outside of the bed, whose network reaches no package index.
"""

import runpy
from pathlib import Path

import pytest

from tests.cluster.bed.places import standard
from tests.cluster.train import step_images

BUILD = runpy.run_path(str(step_images.FOLDER / "build.py"))
# Above the base image, unpacked, in bytes.
BARS = {"core": 420e6, "train": 750e6}


@pytest.mark.parametrize("family", step_images.FAMILIES)
def test_an_image_is_no_heavier_than_its_bar(family: str) -> None:
    places = standard()
    archive = step_images.build(family, step_images.base_image(places), places)
    assert 0 < BUILD["unpacked_bytes"](archive) <= BARS[family]


@pytest.mark.parametrize("family", step_images.FAMILIES)
def test_two_builds_from_the_same_inputs_have_the_same_digest(family: str, tmp_path: Path) -> None:
    places = standard()
    base = step_images.base_image(places)
    first = step_images.build(family, base, places)
    step_images.build_into(tmp_path, family, base, places, "--no-cache")
    digest = BUILD["digest"](first)
    assert BUILD["digest"](tmp_path / f"{family}.tar") == digest
    wanted = f"images:\n  {family}: localhost/ml8s-{family}@{digest}\n"
    assert (tmp_path / "images.yaml").read_text() == wanted
