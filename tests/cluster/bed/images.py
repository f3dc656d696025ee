"""Container images without a registry: built by buildah, cached as OCI archives."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.bed import console, content
from tests.cluster.bed.builds import ARGO, FAMILIES, Programs
from tests.cluster.bed.commands import run, run_logged
from tests.cluster.bed.places import SOURCES, Places
from tests.cluster.bed.problem import BedError

BASE = "localhost/base:1"
PAUSE = "localhost/pause:1"
EXECUTOR = "localhost/argoexec:" + next(f for f in FAMILIES if f.module == ARGO).version()
DEBIAN = "bookworm"
DEBIAN_PACKAGES = ("python3", "python3-venv", "ca-certificates", "libgomp1")
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_LEFT_OUT = ("./dev/*", "./var/cache/apt/*", "./var/lib/apt/lists/*", "./usr/share/doc/*", "./usr/share/locale/*")


@dataclass(frozen=True)
class Image:
    """An image: a name, a folder with its Dockerfile, and what its content depends on.

    `prepare` fills the build context beyond that folder; `inputs` are what
    `prepare` puts there, as far as they are not in the folder; `usual` is the
    time of a build in seconds.
    """

    name: str
    folder: Path
    usual: int
    dockerfile: str = "Dockerfile"
    inputs: tuple[str | bytes, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Path, Path], None] | None = None

    @property
    def key(self) -> str:
        """Content key of the image."""
        arguments = [f"{name}={value}" for name, value in sorted(self.arguments.items())]
        return content.key([self.name, self.dockerfile, *arguments, *self.inputs, *content.files_of(self.folder)])

    def archive(self, places: Places) -> Path:
        """Where the built image is cached."""
        return places.images / f"{self.name.removeprefix('localhost/').replace(':', '-')}-{self.key}.tar"


def bed_images(programs: Programs) -> list[Image]:
    """Return the images that the bed itself needs."""
    certificates = _CERTIFICATES.read_bytes()
    folder = SOURCES / "images"

    def executor(context: Path, _log: Path) -> None:
        shutil.copy(programs["argoexec"], context / "argoexec")
        shutil.copy(_CERTIFICATES, context / "ca-certificates.crt")
        (context / "tmp").mkdir()
        (context / "tmp").chmod(0o1777)

    return [
        Image(PAUSE, folder / "pause", 5, prepare=_compile_pause),
        Image(
            EXECUTOR,
            folder / "argoexec",
            20,
            inputs=(programs["argoexec"].parent.name, certificates),
            prepare=executor,
        ),
        Image(
            BASE,
            folder / "base",
            120,
            inputs=(DEBIAN, *DEBIAN_PACKAGES, certificates),
            prepare=_debian_root,
        ),
    ]


def _compile_pause(context: Path, log: Path) -> None:
    run_logged(["cc", "-Os", "-static", "-s", "-o", context / "pause", context / "pause.c"], log)


def _debian_root(context: Path, log: Path) -> None:
    root = context / "rootfs"
    packages = f"--include={','.join(DEBIAN_PACKAGES)}"
    run_logged(["debootstrap", "--variant=minbase", packages, DEBIAN, root], log)
    # The machine's own authorities, else pip cannot verify its index behind a proxy.
    shutil.copy(_CERTIFICATES, root / "etc/ssl/certs/ca-certificates.crt")
    left_out = [f"--exclude={pattern}" for pattern in _LEFT_OUT]
    run_logged(["tar", "--numeric-owner", *left_out, "-C", root, "-cf", context / "rootfs.tar", "."], log)
    shutil.rmtree(root)


def build_all(images: list[Image], places: Places) -> None:
    """Build the images whose archive is not cached, with progress."""
    queue = [image for image in images if not image.archive(places).exists()]
    for index, image in enumerate(queue):
        then = queue[index + 1].name if index + 1 < len(queue) else "the cluster"
        with console.long_work(f"building image {image.name}", image.usual, then):
            build(image, places)


def build(image: Image, places: Places) -> Path:
    """Build one image and return its archive, complete or absent."""
    archive = image.archive(places)
    work = places.cache / "work" / archive.stem
    log = places.logs / f"image-{archive.stem.rpartition('-')[0]}.log"
    shutil.rmtree(work, ignore_errors=True)
    log.unlink(missing_ok=True)
    shutil.copytree(image.folder, work)
    if image.prepare is not None:
        image.prepare(work, log)
    arguments = [word for name, value in image.arguments.items() for word in ("--build-arg", f"{name}={value}")]
    buildah = _buildah(places)
    env = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
    recipe = work / image.dockerfile
    run_logged([*buildah, "bud", "--layers", "-t", image.name, *arguments, "-f", recipe, work], log, env=env)
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    run_logged([*buildah, "push", image.name, f"oci-archive:{partial}:{image.name}"], log, env=env)
    partial.rename(archive)
    content.keep_latest(places.images, f"{archive.stem.rpartition('-')[0]}-*.tar")
    shutil.rmtree(work)
    return archive


def _buildah(places: Places) -> list[str]:
    store = places.cache / "buildah"
    return ["buildah", "--storage-driver", "overlay", "--root", str(store / "root"), "--runroot", str(store / "run")]


def ctr(places: Places, *words: str | Path, seconds: float = 120) -> str:
    """Run containerd's own client against the bed's containerd."""
    return run(["ctr", "--address", places.containerd_socket, "--namespace", "k8s.io", *words], seconds=seconds)


def load_all(images: list[Image], places: Places) -> dict[str, str]:
    """Import what containerd lacks; return `name@sha256:…` by the name of each image."""
    return {image.name: load(image, places) for image in images}


def load(image: Image, places: Places) -> str:
    """Import one image unless it is there, and return its name by digest."""
    marks = places.containerd / "imported.json"
    known: dict[str, str] = json.loads(marks.read_text()) if marks.exists() else {}
    present = digests(places)
    if known.get(image.name) != image.key or image.name not in present:
        ctr(places, "images", "import", image.archive(places), seconds=600)
        present = digests(places)
        if image.name not in present:
            raise BedError(f"{image.archive(places)} was imported, but {image.name} is not there")
        marks.write_text(json.dumps({**known, image.name: image.key}, indent=1, sort_keys=True))
    pinned = f"{image.name.rpartition(':')[0]}@{present[image.name]}"
    if pinned not in present:
        ctr(places, "images", "tag", "--force", image.name, pinned)
    return pinned


def digests(places: Places) -> dict[str, str]:
    """Return the digest of each image that containerd has, by its name."""
    rows = [line.split() for line in ctr(places, "images", "ls").splitlines()[1:]]
    return {row[0]: row[2] for row in rows if len(row) > 2}
