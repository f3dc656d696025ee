"""The product's own step images on the bed: built from step-images/, cached by content."""

import os
import runpy
import sys
from pathlib import Path

from tests.cluster.bed import content, images
from tests.cluster.bed.commands import run_logged
from tests.cluster.bed.places import REPOSITORY, Places

FAMILIES = ("core", "train")
FOLDER = REPOSITORY / "step-images"
# The bed's namespace reaches no package index: a build enters the machine's own network.
OUTSIDE = ["nsenter", "--net=/proc/1/ns/net", "--"]


def load(places: Places) -> dict[str, str]:
    """Build what is not cached, import it, and return `name@sha256:…` by family."""
    return {family: _load(family, _built(family, places), places) for family in FAMILIES}


def _built(family: str, places: Places) -> Path:
    folder = places.images / f"step-{family}-{_key(family)}"
    archive = folder / f"{family}.tar"
    if not archive.exists():
        store = places.cache / "buildah"
        buildah = f"buildah --storage-driver overlay --root {store / 'root'} --runroot {store / 'run'}"
        words = [sys.executable, FOLDER / "build.py", "--base-image", images.BASE, "--buildah", buildah]
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        log = places.logs / f"image-step-{family}.log"
        run_logged([*OUTSIDE, *words, "--output", folder, family], log, cwd=REPOSITORY, env=env)
    return archive


def _key(family: str) -> str:
    code = [
        part
        for path in sorted((REPOSITORY / "ml8s").rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
        for part in (str(path.relative_to(REPOSITORY)), path.read_bytes())
    ]
    inputs = [REPOSITORY / "requirements" / f"{family}.txt", FOLDER / family / "Dockerfile", FOLDER / "build.py"]
    return content.key([*(path.read_bytes() for path in inputs), *code])


def _load(family: str, archive: Path, places: Places) -> str:
    name = f"localhost/ml8s-{family}"
    digest = runpy.run_path(str(FOLDER / "build.py"))["digest"](archive)
    pinned = f"{name}@{digest}"
    if pinned not in images.digests(places):
        images.ctr(places, "images", "import", archive, seconds=600)
        images.ctr(places, "images", "tag", "--force", f"{name}:latest", pinned)
    return pinned
