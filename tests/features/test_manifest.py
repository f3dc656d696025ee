from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml8s.features.manifest import FeatureManifest

from .tables import manifest_of, realistic


def test_a_manifest_read_back_is_the_same(tmp_path: Path) -> None:
    manifest = manifest_of(realistic(3_000))
    manifest.write(tmp_path)
    read = FeatureManifest.read(tmp_path)
    assert read == manifest
    assert read.to_json() == manifest.to_json()


def test_equal_manifests_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        manifest_of(realistic(500)).write(tmp_path / name)
    assert (tmp_path / "one/features.json").read_bytes() == (tmp_path / "two/features.json").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "not a feature manifest of schema 1"),
        ({"features": {}}, "expected a list"),
        ({"kind": 3}, "expected a text"),
        ({"target": []}, "expected an object"),
    ],
)
def test_another_shape_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    value = {**manifest_of(realistic(100)).to_json(), **change}
    (tmp_path / "features.json").write_text(json.dumps(value))
    with pytest.raises(ValueError, match=message):
        FeatureManifest.read(tmp_path)


def test_a_source_column_is_found_by_name() -> None:
    manifest = manifest_of(realistic(100))
    assert manifest.column("country").type == "string"
    with pytest.raises(KeyError):
        manifest.column("nowhere")
