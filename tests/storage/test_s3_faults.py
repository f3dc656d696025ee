"""What only an S3 store meets: its credentials, conflicts, parts and versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ml8s.errors import AccessDenied, InvalidStoreUri, NoCredentials, StoreUnreachable, WrongRegion
from ml8s.storage import open_store
from ml8s.storage.objects import ATTEMPTS
from ml8s.storage.store import Store
from tests.s3_server import s3_client
from tests.storage.faulty_proxy import ANY, Answer, FaultyProxy, LostAnswer, OtherHeader
from tests.storage.providers import S3, Provider


@pytest.fixture
def provider() -> Provider:
    return S3


def test_a_conflict_between_two_creators_is_tried_again(proxy: FaultyProxy, faulty: Store) -> None:
    proxy.arm("PUT", Answer(409, "ConditionalRequestConflict"), Answer(409, "ConditionalRequestConflict"))
    assert faulty.create("key", b"mine")
    assert faulty.get("key") == b"mine"


def test_a_conflict_that_never_ends_is_reported_and_nothing_is_written(proxy: FaultyProxy, faulty: Store) -> None:
    proxy.arm("PUT", *[Answer(409, "ConditionalRequestConflict")] * 50)
    with pytest.raises(StoreUnreachable, match="did not settle"):
        faulty.create("key", b"mine")
    assert faulty.stat("key") is None


def test_a_bucket_that_could_not_be_asked_for_is_not_called_missing(proxy: FaultyProxy, faulty: Store) -> None:
    proxy.arm(ANY, Answer(404, ""), *[LostAnswer()] * ATTEMPTS)
    assert faulty.stat("key") is None
    assert not proxy.faults


UNREADABLE = [
    OtherHeader("Last-Modified", "We`, 25 Nov 2026 20:99:58 GMT"),
    OtherHeader("Last-Modified", None),
    OtherHeader("ETag", None),
]


@pytest.mark.parametrize("fault", UNREADABLE, ids=str)
def test_an_answer_whose_head_was_changed_on_the_way_is_asked_for_again(
    proxy: FaultyProxy, faulty: Store, fault: OtherHeader
) -> None:
    faulty.put("key", b"content")
    proxy.arm("HEAD", fault)
    found = faulty.stat("key")
    assert found is not None
    assert found.size == len(b"content")
    assert not proxy.faults
    proxy.arm("HEAD", *[fault] * ATTEMPTS)
    with pytest.raises(StoreUnreachable, match="cannot be read") as error:
        faulty.stat("key")
    assert error.value.exit_status == 3
    assert not proxy.faults


def test_another_region_is_named_with_the_variable_that_mends_it(proxy: FaultyProxy, faulty: Store) -> None:
    # The client follows the first such answer to the region that it names, so it must be said again.
    proxy.arm("PUT", *[Answer(400, "IllegalLocationConstraintException")] * 10)
    with pytest.raises(WrongRegion, match="another region") as error:
        faulty.put("key", b"")
    assert "AWS_REGION" in error.value.cure


def test_without_credentials_that_is_said(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentials) as error:
        open_store(uri).get("key")
    assert error.value.exit_status == 4
    assert "AWS_ACCESS_KEY_ID" in error.value.cure


def test_a_profile_that_does_not_exist_is_no_credentials(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(NoCredentials):
        open_store(uri).get("key")


def test_an_endpoint_that_is_no_url_is_named(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not a url")
    with pytest.raises(InvalidStoreUri, match="endpoint"):
        open_store(uri).get("key")


def test_no_error_shows_a_secret(proxy: FaultyProxy, faulty: Store) -> None:
    proxy.arm("PUT", *[Answer(403, "SignatureDoesNotMatch")] * 30)
    with pytest.raises(AccessDenied) as error:
        faulty.put("key", b"")
    assert "test-secret" not in f"{error.value.message}{error.value.where}{error.value.cure}"


@pytest.mark.usefixtures("small_parts")
def test_a_large_file_that_fails_in_the_middle_leaves_no_parts(
    proxy: FaultyProxy, faulty: Store, bucket: str, s3_endpoint: str, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(os.urandom(12 << 20))
    proxy.arm("PUT", *[Answer(403, "AccessDenied")] * 30, query="partNumber=2")
    with pytest.raises(AccessDenied):
        faulty.put("key", tmp_path / "large")
    assert "Uploads" not in s3_client(s3_endpoint).list_multipart_uploads(Bucket=bucket)


def test_a_version_shows_the_version_id_of_a_bucket_that_keeps_versions(
    sound: Store, bucket: str, s3_endpoint: str
) -> None:
    s3_client(s3_endpoint).put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = []
    for _ in range(2):
        sound.put("key", b"same")
        described = sound.stat("key")
        assert described is not None
        versions.append(described.version)
    assert versions[0] != versions[1]
