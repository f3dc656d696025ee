"""The locked sets are complete, agree with each other, and name no index."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REQUIREMENTS = Path("requirements")
FAMILIES = {
    "core": ["click", "numpy", "pyarrow.parquet", "pydantic", "yaml", "rich", "s3fs", "adlfs"],
    "train": ["featuretools", "flaml", "lightgbm", "xgboost", "sklearn", "pandas"],
    "serve": ["bentoml", "lightgbm", "xgboost"],
    "monitor": ["evidently", "pandas"],
}


def pins(name: str) -> dict[str, str]:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-zA-Z0-9._-]+)(?:\[[^\]]*\])?==([^ \\;]+)", text, re.M))


@pytest.mark.parametrize("family", [*FAMILIES, "development"])
def test_a_family_has_the_versions_of_the_one_resolution(family: str) -> None:
    everything = pins("all")
    assert {name: everything.get(name) for name in pins(family)} == pins(family)


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.glob("*.txt")), ids=str)
def test_every_requirement_has_a_hash_and_no_address(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_gpu_wheel_of_xgboost_is_nowhere() -> None:
    assert "xgboost" not in pins("all")
    assert "xgboost-cpu" in pins("all")


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_imports_in_its_own_clean_environment(family: str, tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path], check=True)
    # The lock is complete, and pip does not match a hash-checked pin with a requirement that names an extra.
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r"]
    subprocess.run([*install, REQUIREMENTS / f"{family}.txt"], check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True)
    for module in (*FAMILIES["core"], *FAMILIES[family]):
        subprocess.run([python, "-c", f"import {module}"], check=True, cwd=tmp_path)
