"""``make images``: builds the step images, prints digests and sizes, and writes what platform.yaml wants.

The context of a build holds the family's Dockerfile, its hash-locked requirements and the package, nothing else. All
timestamps are zero, so two builds from the same inputs have the same digest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FAMILIES = ("core", "train")
BY_DIGEST = re.compile(r"[a-z0-9][a-zA-Z0-9._:/-]*@sha256:[0-9a-f]{64}")
ARCHIVE = "oci-archive:"


class NotBuilt(Exception):
    """Images cannot be built; says why, what helps, and with which exit status it ends."""

    def __init__(self, why: str, cure: str, *, status: int = 1) -> None:
        """Remember all three; 2 is a mistake in what was asked."""
        super().__init__(f"{why}; {cure}")
        self.status = status


def check_base(base: str) -> None:
    """Refuses a base image that may be another one tomorrow.

    Raises:
        NotBuilt: it is neither an image by digest nor an archive that is there.
    """
    if base.startswith(ARCHIVE):
        if not Path(base.removeprefix(ARCHIVE)).is_file():
            raise NotBuilt(f"there is no archive {base.removeprefix(ARCHIVE)}", "name one that is there", status=2)
    elif not BY_DIGEST.fullmatch(base):
        raise NotBuilt(
            f"the base image {base!r} is not named by digest, and a tag can move",
            "write name@sha256:…, as `skopeo inspect` or your registry shows it",
            status=2,
        )


def stage_context(family: str, target: Path) -> None:
    """Fills a folder with what one image is built from."""
    shutil.copy(HERE / family / "Dockerfile", target / "Dockerfile")
    shutil.copy(ROOT / "requirements" / f"{family}.txt", target / "requirements.txt")
    shutil.copytree(ROOT / "ml8s", target / "ml8s", ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for path in [target, *target.rglob("*")]:  # the mode of a file is part of a layer, and not of the code
        path.chmod(0o755 if path.is_dir() else 0o644)


def build(
    family: str, base: str, archive: Path, buildah: Sequence[str], *, name: str, arguments: Sequence[str] = ()
) -> None:
    """Builds one image into an OCI archive.

    Raises:
        NotBuilt: buildah is not there or failed; what it said is on stderr.
    """
    environment = {"BUILDAH_ISOLATION": "chroot", **os.environ}
    with tempfile.TemporaryDirectory() as folder:
        stage_context(family, Path(folder))
        words = [*buildah, "bud", "--timestamp", "0", "--layers", "--build-arg", f"BASE_IMAGE={base}", *arguments]
        run([*words, "-t", name, folder], environment)
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    run([*buildah, "push", name, f"oci-archive:{partial}:{name}"], environment)
    partial.replace(archive)


def run(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Runs a command with its output on stderr.

    Raises:
        NotBuilt: it cannot be started, or it failed.
    """
    try:
        status = subprocess.run(words, check=False, env=dict(environment), stdout=sys.stderr).returncode
    except OSError as error:
        reason = "is not on PATH" if isinstance(error, FileNotFoundError) else f"cannot be run ({error.strerror})"
        cure = "install it (`apt-get install buildah`), or name it with --buildah; docker is not supported"
        raise NotBuilt(f"{words[0]} {reason}", cure) from error
    if status:
        verb = next((word for word in words if word in ("bud", "push")), "")
        raise NotBuilt(f"`{words[0]} {verb}` ended with {status}", "mend what it says above, then try again")


def digest(archive: Path) -> str:
    """The digest of the one image in an OCI archive: that of its manifest."""
    with tarfile.open(archive) as tar:
        [manifest] = json.load(_member(tar, "index.json"))["manifests"]
    return str(manifest["digest"])


def unpacked_bytes(archive: Path) -> int:
    """The bytes of all files that an image has above its base: those below /opt/ml8s, in whatever layer."""
    with tarfile.open(archive) as tar:
        manifest = json.load(_member(tar, f"blobs/{digest(archive).replace(':', '/')}"))
        total = 0
        for layer in manifest["layers"]:
            blob = _member(tar, f"blobs/{layer['digest'].replace(':', '/')}")
            with tarfile.open(fileobj=blob, mode="r|*") as files:
                total += sum(file.size for file in files if file.name.lstrip("./").startswith("opt/ml8s/"))
    return total


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    assert file is not None
    return file


def main() -> int:
    """Builds every family and writes ``images.yaml``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-image", required=True, help="the base image, by digest")
    parser.add_argument("--repository", default="localhost/ml8s", help="what the images' names begin with")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "images", help="where the archives go")
    parser.add_argument("--buildah", default="buildah", help="the buildah command, with its global options")
    parser.add_argument("--no-cache", action="store_true", help="build every layer anew")
    parser.add_argument("families", nargs="*", default=FAMILIES)
    try:
        build_all(parser.parse_args())
    except NotBuilt as error:
        print(f"images: {error}", file=sys.stderr)
        return error.status
    return 0


def build_all(asked: argparse.Namespace) -> None:
    """Builds what is asked for; raises NotBuilt."""
    check_base(asked.base_image)
    lines, anew = ["images:"], ["--no-cache"] if asked.no_cache else []
    for family in asked.families:
        name, archive = f"{asked.repository}-{family}", asked.output / f"{family}.tar"
        build(family, asked.base_image, archive, shlex.split(asked.buildah), name=name, arguments=anew)
        lines.append(f"  {family}: {name}@{digest(archive)}")
        print(f"{lines[-1].strip()}  {weight(archive)}")
    (asked.output / "images.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"wrote {asked.output / 'images.yaml'}: the `images` section of platform.yaml")


def weight(archive: Path) -> str:
    """What an image weighs, in words."""
    packed, unpacked = archive.stat().st_size / 1e6, unpacked_bytes(archive) / 1e6
    return f"{packed:.0f} MB packed with its base, {unpacked:.0f} MB unpacked above it"


if __name__ == "__main__":
    sys.exit(main())
