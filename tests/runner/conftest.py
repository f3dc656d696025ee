"""What the tests of the runner share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with a snapshot and a config, in a process whose children find the stub."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.parquet").write_bytes(b"rows")
    (data / "schema.json").write_text('{"fields": []}')
    (tmp_path / "calls").mkdir()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("STUB_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    desk = Desk(tmp_path)
    desk.config()
    yield desk
    assert list((tmp_path / "tmp").glob("ml8s-run-*")) == [], "a run leaves no scratch behind"
