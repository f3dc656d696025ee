"""The product's own step images for the bed: built from step-images/, cached by content.

The bed's network reaches no package index, so `make cluster-images` builds them before the tests enter it.
"""

import os
import runpy
import shutil
import sys
from pathlib import Path

from tests.cluster.bed import builds, content, images, lock
from tests.cluster.bed.commands import run, run_logged
from tests.cluster.bed.places import REPOSITORY, Places, standard
from tests.cluster.bed.problem import BedError

FAMILIES = ("core", "train")
FOLDER = REPOSITORY / "step-images"
KEPT = 3  # of each family: those of a few checkouts


def main() -> int:
    """Build what is not cached, and say where it is."""
    places = standard()
    base = _base(places)
    for family in FAMILIES:
        sys.stdout.write(f"{build(family, base, places)}\n")
    return 0


def build(family: str, base: Path, places: Places) -> Path:
    """Build one step image unless it is cached; return its archive."""
    archive = _archive(family, places)
    if not archive.exists():
        # A store of its own: the bed prunes its own while it comes up.
        store = places.cache / "step-images"
        buildah = f"buildah --storage-driver overlay --root {store / 'root'} --runroot {store / 'run'}"
        words: list[str | Path] = [
            sys.executable,
            FOLDER / "build.py",
            "--base-image",
            f"oci-archive:{base}",
            "--buildah",
            buildah,
        ]
        log = places.logs / f"image-step-{family}.log"
        log.unlink(missing_ok=True)
        for older in sorted(places.cache.glob(f"step-images/{family}-*"), key=os.path.getmtime)[:-KEPT]:
            shutil.rmtree(older)
        run_logged([*words, "--output", archive.parent, family], log, cwd=REPOSITORY, env=dict(os.environ))
    return archive


def load(places: Places) -> dict[str, str]:
    """Import the built images; return `name@sha256:…` by family."""
    return {family: _load(family, places) for family in FAMILIES}


def _base(places: Places) -> Path:
    programs = builds.programs(places, run(["go", "version"]).strip())
    [base] = [image for image in images.bed_images(programs) if image.name == images.BASE]
    if not base.archive(places).exists():
        with lock.held(places):
            images.build_all([base], places)
    return base.archive(places)


def _archive(family: str, places: Places) -> Path:
    code = [
        part
        for path in sorted((REPOSITORY / "ml8s").rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
        for part in (str(path.relative_to(REPOSITORY)), path.read_bytes())
    ]
    inputs = [REPOSITORY / "requirements" / f"{family}.txt", FOLDER / family / "Dockerfile", FOLDER / "build.py"]
    key = content.key([*(path.read_bytes() for path in inputs), *code])
    return places.cache / "step-images" / f"{family}-{key}" / f"{family}.tar"


def _load(family: str, places: Places) -> str:
    archive = _archive(family, places)
    if not archive.exists():
        raise BedError(f"the image of {family} is not built for this code: make cluster-images")
    name = f"localhost/ml8s-{family}"
    pinned = f"{name}@{runpy.run_path(str(FOLDER / 'build.py'))['digest'](archive)}"
    if pinned not in images.digests(places):
        images.ctr(places, "images", "import", archive, seconds=600)
        images.ctr(places, "images", "tag", "--force", name, pinned)
    return pinned


if __name__ == "__main__":
    sys.exit(main())
