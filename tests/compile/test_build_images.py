"""`make images` where it cannot build: one line with the cure, and no traceback."""

from __future__ import annotations

import io
import json
import os
import runpy
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[2] / "step-images" / "build.py"
DIGEST = f"registry.example.com:5000/python@sha256:{'0' * 64}"


def built(folder: Path, base: str = DIGEST, **environment: str) -> tuple[int, list[str]]:
    """Exit status, and what was written to stderr."""
    argv = [sys.executable, BUILD, "--base-image", base, "--output", folder / "out", "core"]
    done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    assert done.stdout == ""
    assert not list(folder.glob("out/*"))
    return done.returncode, done.stderr.splitlines()


def program(folder: Path, script: str) -> str:
    """A PATH on which buildah is this script."""
    path = folder / "bin" / "buildah"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path.parent)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("python:3.11", "the base image 'python:3.11' is not named by digest, and a tag can move; write name@sha256:…"),
        ("python", "is not named by digest"),
        ("python@sha256:1234", "is not named by digest"),
        (f"{DIGEST} --privileged", "is not named by digest"),
        ("oci-archive:/nowhere/base.tar", "there is no archive /nowhere/base.tar"),
    ],
)
def test_a_base_image_that_may_move_is_refused(tmp_path: Path, base: str, words: str) -> None:
    status, [line] = built(tmp_path, base)
    assert (status, words in line) == (2, True), line


def test_without_buildah_it_says_what_to_install(tmp_path: Path) -> None:
    status, [line] = built(tmp_path, PATH=str(tmp_path))
    assert status == 1
    assert line.startswith("images: buildah is not on PATH; install it (`apt-get install buildah`)")


def test_a_build_that_fails_is_one_line_below_what_buildah_says(tmp_path: Path) -> None:
    status, lines = built(tmp_path, PATH=f"{program(tmp_path, 'echo no space >&2; exit 125')}:{os.environ['PATH']}")
    assert status == 1
    assert lines == ["no space", "images: `buildah bud` ended with 125; mend what it says above, then try again"]


def test_an_image_by_digest_and_an_archive_are_what_buildah_builds_from(tmp_path: Path) -> None:
    told, archive = tmp_path / "told", tmp_path / "base.tar"
    archive.touch()
    scripts = program(tmp_path, f'echo "$@" >> {told}; exit 1')
    bases = (DIGEST, f"oci-archive:{archive}")
    for base in bases:
        assert built(tmp_path, base, PATH=f"{scripts}:{os.environ['PATH']}")[0] == 1
    assert [f"--build-arg BASE_IMAGE={base} " in line for base, line in zip(bases, told.open(), strict=True)] == [
        True
    ] * 2


def test_an_image_weighs_what_lies_in_its_own_folder_in_any_layer(tmp_path: Path) -> None:
    def packed(files: dict[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return buffer.getvalue()

    layers = [packed({"usr/bin/python3.11": b"x" * 9_000_000}), packed({"./opt/ml8s/a": b"x" * 2_000_000})]
    layers.append(packed({"opt/ml8s/b": b"x" * 1_000_000, "opt/other": b"x" * 5_000_000}))
    manifest = json.dumps({"layers": [{"digest": f"sha256:{n}"} for n in range(len(layers))]}).encode()
    blobs = {f"blobs/sha256/{n}": layer for n, layer in enumerate(layers)} | {"blobs/sha256/m": manifest}
    index = json.dumps({"manifests": [{"digest": "sha256:m"}]}).encode()
    archive = tmp_path / "core.tar"
    archive.write_bytes(packed({"index.json": index, **blobs}))
    told = runpy.run_path(str(BUILD))["weight"](archive)
    assert told == "17 MB packed with its base, 3 MB unpacked above it"
