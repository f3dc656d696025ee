"""The identity of the code: what computes here, found in milliseconds."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ml8s.runner.code import PACKAGE, code_identity, installed_distributions, package_digest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "room").mkdir(parents=True)
    (folder / "room/noun.py").write_text("x = 1\n")
    (folder / "page.css").write_text("p {}\n")
    return folder


def test_any_file_of_the_package_changes_its_digest_and_bytecode_does_not(package: Path) -> None:
    before = package_digest(package)
    (package / "room/__pycache__").mkdir()
    (package / "room/__pycache__/noun.cpython-311.pyc").write_bytes(b"bytecode")
    assert package_digest(package) == before
    (package / "page.css").write_text("p {color: red}\n")
    after = package_digest(package)
    (package / "room/noun.py").rename(package / "room/other.py")
    assert len({before, after, package_digest(package)}) == 3


def test_the_distributions_are_those_that_the_metadata_tells() -> None:
    # Importing Featuretools adds what setuptools carries inside of itself to sys.path: no installed distributions.
    path = [entry for entry in sys.path if not entry.endswith("_vendor")]
    told = {
        f"{re.sub(r'[-_.]+', '-', found.metadata['Name']).lower()}=={found.version}"
        for found in importlib.metadata.distributions(path=path)
    }
    found = set(installed_distributions(sys.path))
    assert "numpy" in {line.partition("==")[0] for line in found}
    assert {line for line in told if not line.startswith("ml8s==")} == found


def test_the_first_of_two_distributions_of_one_name_counts(tmp_path: Path) -> None:
    for place, version in (("one", "2.0"), ("two", "1.0")):
        (tmp_path / place / "site-packages" / f"Some_Lib-{version}.dist-info").mkdir(parents=True)
    folders = [str(tmp_path / place / "site-packages") for place in ("one", "two")]
    assert installed_distributions(folders) == ["some-lib==2.0"]
    assert installed_distributions(reversed(folders)) == ["some-lib==1.0"]


def test_in_an_image_its_digest_alone_is_the_code() -> None:
    code = "from ml8s.runner.code import code_identity; print(code_identity())"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={"ML8S_IMAGE_DIGEST": "sha256:abc"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "{'image': 'sha256:abc'}\n"


def test_the_identity_is_the_same_in_every_process() -> None:
    code = "from ml8s.runner.code import code_identity; print(dict(code_identity()))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(dict(code_identity()))
    assert code_identity()["ml8s"] == package_digest(PACKAGE)
