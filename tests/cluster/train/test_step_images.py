"""The step images: what they weigh above their base, and that building again gives the same digest."""

import os
import runpy
import sys
from pathlib import Path

import pytest

from tests.cluster.bed.cluster import Cluster
from tests.cluster.bed.commands import run
from tests.cluster.train import step_images

BUILD = runpy.run_path(str(step_images.FOLDER / "build.py"))
# Above the base image, unpacked.
BARS = {"core": 420e6, "train": 750e6}


@pytest.mark.parametrize("family", step_images.FAMILIES)
def test_an_image_is_no_heavier_than_its_bar(cluster: Cluster, family: str) -> None:
    archive = step_images.build(family, step_images.base(cluster.places), cluster.places)
    assert BUILD["unpacked_bytes"](archive) <= BARS[family]


@pytest.mark.parametrize("family", step_images.FAMILIES)
def test_the_layer_of_our_code_is_built_again_to_the_same_digest(
    cluster: Cluster, family: str, tmp_path: Path
) -> None:
    places = cluster.places
    first = step_images.build(family, step_images.base(places), places)
    words: list[str | Path] = [sys.executable, step_images.FOLDER / "build.py", "--output", tmp_path]
    words += ["--base-image", f"oci-archive:{step_images.base(places)}", "--buildah", step_images.buildah(places)]
    # Every step after the locked packages runs anew: another folder's copy of the same files is no cache hit.
    said = run([*words, "--again", family], env=dict(os.environ), seconds=900)
    assert BUILD["digest"](tmp_path / f"{family}.tar") == BUILD["digest"](first)
    assert f"{family}: localhost/ml8s-{family}@{BUILD['digest'](first)}" in said
    assert (tmp_path / "images.yaml").read_text().splitlines()[0] == "images:"
