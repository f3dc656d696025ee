"""The product's own step images for the bed: built from step-images/, cached by content.

The bed's network reaches no package index, so `make cluster-images` builds them before the tests enter it.
"""

import os
import runpy
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.cluster.bed import builds, content, images, lock
from tests.cluster.bed.commands import run, run_logged
from tests.cluster.bed.places import REPOSITORY, Places, standard
from tests.cluster.bed.problem import BedError

FAMILIES = ("core", "train")
KEPT = 4
FOLDER = REPOSITORY / "step-images"


def main() -> int:
    """Build what is not cached, and say what each image weighs and where it is."""
    places = standard()
    base, weight = _base(places), runpy.run_path(str(FOLDER / "build.py"))["weight"]
    for family in FAMILIES:
        archive = build(family, base, places)
        sys.stdout.write(f"{family}: {weight(archive)}, {archive}\n")
    return 0


def build(family: str, base: Path, places: Places) -> Path:
    """Build one step image unless it is cached; return its archive."""
    archive = _archive(family, places)
    if not archive.exists():
        for older in _oldest(places.cache.glob(f"step-images/{family}-*")):
            shutil.rmtree(older)
        build_into(archive.parent, family, base, places)
    return archive


def build_into(folder: Path, family: str, base: Path, places: Places, *options: str) -> None:
    """Run `make images`' own program; the archive and images.yaml are written to a folder."""
    # A store of its own: the bed prunes its own while it comes up.
    store = places.cache / "step-images"
    buildah = f"buildah --storage-driver overlay --root {store / 'root'} --runroot {store / 'run'}"
    words: list[str | Path] = [sys.executable, FOLDER / "build.py", "--base-image", f"oci-archive:{base}"]
    words += ["--buildah", buildah, "--output", folder, *options, family]
    log = places.logs / f"image-step-{family}.log"
    log.unlink(missing_ok=True)
    run_logged(words, log, cwd=REPOSITORY, env=dict(os.environ))


def base_image(places: Places) -> Path:
    """The archive of the tests' base image."""
    return _base(places)


def _oldest(folders: Iterable[Path]) -> list[Path]:
    """All but the latest, so that two checkouts can share a cache."""
    return sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)[KEPT - 1 :]


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
