"""``ml8s data``: publish, check and fingerprint, as a person calls them, on a folder and on S3."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.commands import run
from tests.s3_server import make_bucket, s3_environment, s3_server

ROWS = "id,amount,y\n" + "".join(f"{number},{number % 7}.5,{number % 2}\n" for number in range(60))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "train.csv").write_text(ROWS)
    return tmp_path / "train.csv"


def test_the_time_after_which_no_row_may_lie_may_be_a_date(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("at,y\n2026-01-04T10:00:00Z,0\n2026-01-04T11:00:00Z,1\n")
    done = run("data", "publish", "train.csv", "out", "--time", "at", "--as-of", "2026-01-05", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out/schema.json").read_text())["ml8s:as_of"] == "2026-01-05T00:00:00Z"


def test_a_snapshot_is_published_once_checked_and_named_by_one_digest_everywhere(
    source: Path, tmp_path: Path, endpoint: str
) -> None:
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    environment = s3_environment(endpoint)
    make_bucket(endpoint, bucket)
    digests = set()
    for address in (str(tmp_path / "published"), f"s3://{bucket}/data/v1"):
        done = run("data", "publish", source, address, "--key", "id", "-o", "json", environment=environment)
        assert done.returncode == 0, done.stderr
        assert f"next: ml8s data check {address}" in done.stderr
        checked = run("data", "check", address, environment=environment)
        assert (checked.returncode, "keeps its contract (train.parquet: 60 rows)" in checked.stderr) == (0, True)
        named = run("data", "fingerprint", address, "-o", "name", environment=environment)
        assert named.stdout.strip() == json.loads(done.stdout)["snapshot"]
        digests.add(named.stdout)
        again = run("data", "publish", source, address, environment=environment)
        assert again.returncode == 2
        assert "ML8S-D009" in again.stderr
        assert "cure: publish at a new address" in again.stderr
    assert len(digests) == 1


def test_a_dry_run_writes_nothing(source: Path, tmp_path: Path) -> None:
    done = run("data", "publish", source, tmp_path / "published", "--dry-run")
    assert done.returncode == 0
    assert "would publish" in done.stderr
    assert not (tmp_path / "published").exists()


def test_rows_that_break_the_contract_are_shown_and_nothing_is_published(source: Path, tmp_path: Path) -> None:
    source.write_text(ROWS + "7,1.5,0\n")
    done = run("data", "publish", source, tmp_path / "published", "--key", "id")
    assert done.returncode == 2
    assert "the primary key id repeats an earlier row: 1 row, first 60 (7)" in done.stderr
    assert not (tmp_path / "published").exists()


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_a_check_that_fails_tells_machines_what_is_broken(source: Path, tmp_path: Path, output: str) -> None:
    assert run("data", "publish", source, tmp_path / "published").returncode == 0
    schema = json.loads((tmp_path / "published/schema.json").read_text())
    (tmp_path / "published/schema.json").write_text(json.dumps({**schema, "primaryKey": "y"}))
    done = run("data", "check", tmp_path / "published", "-o", output)
    assert done.returncode == 2
    assert "error ML8S-D" in done.stderr
    told = yaml.safe_load(done.stdout)
    assert told["error"]["code"] in done.stderr
    assert [(one["rule"], one["count"]) for one in told["report"]["violations"]] == [("primary_key", 58)]
    nowhere = run("data", "check", tmp_path / "nowhere", "-o", output)
    assert nowhere.returncode == 2
    assert yaml.safe_load(nowhere.stdout)["error"]["code"] == "ML8S-D001"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["publish", "nothing.csv", "out"], "ML8S-C005"),
        (["publish", "{source}", "out", "--table", "x"], "ML8S-C005"),
        (["publish", "{source}", "out", "--target", "z"], "ML8S-C005"),
        (["check", "nowhere"], "ML8S-D001"),
        (["fingerprint", "nowhere"], "ML8S-D001"),
        (["check", "{folder}"], "ML8S-D002"),
    ],
)
def test_mistakes_have_a_code_a_cure_and_status_2(
    arguments: list[str], code: str, source: Path, tmp_path: Path
) -> None:
    words = [word.format(source=source, folder=tmp_path) for word in arguments]
    done = run("data", *words, folder=tmp_path)
    assert (done.returncode, code in done.stderr, "cure:" in done.stderr) == (2, True, True), done.stderr
