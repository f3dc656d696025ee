"""What an S3 store does when the network or the server fails: over a real proxy that fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml8s.errors import (
    AccessDenied,
    BucketMissing,
    InvalidStoreUri,
    NoCredentials,
    ObjectMissing,
    StoreError,
    StoreFull,
    StoreRefused,
    StoreUnreachable,
    WrongRegion,
)
from ml8s.storage import open_store, s3
from ml8s.storage.s3_errors import store_error
from ml8s.storage.store import Store
from tests.s3_server import s3_client
from tests.storage.faulty_s3 import Answer, CutBody, FaultyS3, FlippedBody, LostAnswer, faulty_s3


@pytest.fixture(scope="module")
def shared_proxy(s3_endpoint: str) -> Iterator[FaultyS3]:
    with faulty_s3(s3_endpoint) as proxy:
        yield proxy


@pytest.fixture
def proxy(shared_proxy: FaultyS3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> FaultyS3:
    monkeypatch.setenv("AWS_ENDPOINT_URL", shared_proxy.url)
    shared_proxy.arm("PUT")
    return shared_proxy


@pytest.fixture
def faulty(proxy: FaultyS3, bucket: str) -> Store:
    return open_store(f"s3://{bucket}/prefix")


def test_a_creator_whose_answer_was_lost_knows_that_it_won(proxy: FaultyS3, faulty: Store) -> None:
    # The client repeats the request by itself and is refused by its own success: only the write id can tell.
    proxy.arm("PUT", LostAnswer())
    assert faulty.create("key", b"mine")
    assert faulty.get("key") == b"mine"
    assert len([line for line in proxy.seen if line.startswith("PUT")]) == 2


def test_a_creator_whose_answer_was_lost_knows_that_it_lost(proxy: FaultyS3, faulty: Store) -> None:
    assert faulty.create("key", b"theirs")
    proxy.arm("PUT", LostAnswer())
    assert not faulty.create("key", b"mine")
    assert faulty.get("key") == b"theirs"


def test_a_creator_whose_every_answer_was_lost_knows_that_it_won(proxy: FaultyS3, faulty: Store) -> None:
    proxy.arm("PUT", *[LostAnswer()] * s3.ATTEMPTS)
    assert faulty.create("key", b"mine")
    assert faulty.get("key") == b"mine"


def test_a_conflict_between_two_creators_is_tried_again(proxy: FaultyS3, faulty: Store) -> None:
    proxy.arm("PUT", Answer(409, "ConditionalRequestConflict"), Answer(409, "ConditionalRequestConflict"))
    assert faulty.create("key", b"mine")
    assert faulty.get("key") == b"mine"


def test_a_conflict_that_never_ends_is_reported_and_nothing_is_written(proxy: FaultyS3, faulty: Store) -> None:
    proxy.arm("PUT", *[Answer(409, "ConditionalRequestConflict")] * 50)
    with pytest.raises(StoreUnreachable, match="did not settle"):
        faulty.create("key", b"mine")
    assert faulty.stat("key") is None


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD", "DELETE"])
@pytest.mark.parametrize(
    "fault", [LostAnswer(), Answer(503, "SlowDown"), Answer(500, "InternalError")], ids=["lost", "slow", "internal"]
)
def test_a_temporary_failure_is_survived(
    proxy: FaultyS3, faulty: Store, method: str, fault: LostAnswer | Answer
) -> None:
    faulty.put("key", b"content")
    proxy.arm(method, fault)
    calls = {"PUT": lambda: faulty.put("key", b"content"), "GET": lambda: faulty.get("key")}
    calls |= {"HEAD": lambda: faulty.stat("key"), "DELETE": lambda: faulty.delete("other")}
    calls[method]()
    assert not proxy.faults
    assert faulty.get("key") == b"content"


def test_an_answer_that_breaks_off_is_read_again(proxy: FaultyS3, faulty: Store, tmp_path: Path) -> None:
    content = os.urandom(500_000)
    faulty.put("key", content)
    proxy.arm("GET", CutBody(), CutBody())
    assert faulty.get("key") == content
    proxy.arm("GET", CutBody())
    faulty.fetch("key", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


def test_an_answer_that_always_breaks_off_leaves_no_file(proxy: FaultyS3, faulty: Store, tmp_path: Path) -> None:
    faulty.put("key", os.urandom(10_000))
    proxy.arm("GET", *[CutBody()] * 50)
    with pytest.raises(StoreUnreachable) as error:
        faulty.fetch("key", tmp_path / "copy")
    assert "key" in error.value.where
    assert list(tmp_path.iterdir()) == []


MEANINGS: list[tuple[int, str, type[StoreError]]] = [
    (403, "AccessDenied", AccessDenied),
    (403, "InvalidAccessKeyId", AccessDenied),
    (403, "SignatureDoesNotMatch", AccessDenied),
    (400, "ExpiredToken", AccessDenied),
    (403, "RequestTimeTooSkewed", AccessDenied),
    (404, "NoSuchBucket", BucketMissing),
    (301, "PermanentRedirect", WrongRegion),
    (400, "IllegalLocationConstraintException", WrongRegion),
    (400, "AuthorizationHeaderMalformed", WrongRegion),
    (507, "XMinioStorageFull", StoreFull),
    (403, "QuotaExceeded", StoreFull),
    (501, "NotImplemented", StoreRefused),
    (400, "KeyTooLongError", InvalidStoreUri),
    (418, "SomethingNobodyKnows", StoreUnreachable),
    (503, "SlowDown", StoreUnreachable),
]


@pytest.mark.parametrize(("status", "code", "kind"), MEANINGS, ids=[code for _, code, _ in MEANINGS])
def test_an_answer_means_one_error(
    proxy: FaultyS3, faulty: Store, status: int, code: str, kind: type[StoreError]
) -> None:
    proxy.arm("PUT", *[Answer(status, code)] * 30)
    with pytest.raises(StoreError) as error:
        faulty.put("key", b"")
    assert type(error.value) is kind
    assert error.value.cure
    assert faulty.uri in error.value.where
    assert len(proxy.seen) <= s3.ATTEMPTS + 3
    proxy.arm("PUT", *[Answer(status, code)] * 30)
    with pytest.raises(kind):
        faulty.create("key", b"")
    proxy.arm("PUT")
    assert faulty.stat("key") is None


def test_a_clock_that_is_wrong_is_named(proxy: FaultyS3, faulty: Store) -> None:
    proxy.arm("GET", Answer(403, "RequestTimeTooSkewed"))
    with pytest.raises(AccessDenied, match="clock"):
        faulty.get("key")


def test_an_unknown_bucket_is_named_by_every_operation(bucket: str) -> None:
    for call in ("get", "stat", "delete", "list", "put", "create"):
        store = open_store(f"s3://{bucket}-other/prefix")
        with pytest.raises(BucketMissing) as error:
            list(getattr(store, call)("key", *([b""] if call in ("put", "create") else [])))
        assert f"{bucket}-other" in error.value.message
        assert error.value.exit_status == 3


def test_without_credentials_that_is_said(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentials) as error:
        open_store(f"s3://{bucket}/").get("key")
    assert error.value.exit_status == 4
    assert "AWS_ACCESS_KEY_ID" in error.value.cure


def test_a_profile_that_does_not_exist_is_no_credentials(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(NoCredentials):
        open_store(f"s3://{bucket}/").get("key")


def test_a_server_that_is_not_there_is_unreachable_in_bounded_time(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = open_store(f"s3://{bucket}/")
    with pytest.raises(StoreUnreachable) as error:
        store.create("key", b"")
    assert "AWS_ENDPOINT_URL" in error.value.cure


def test_an_endpoint_that_is_no_url_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not a url")
    with pytest.raises(InvalidStoreUri, match="endpoint"):
        open_store(f"s3://{bucket}/").get("key")


def test_no_error_shows_a_secret(proxy: FaultyS3, faulty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy.arm("PUT", *[Answer(403, "SignatureDoesNotMatch")] * 30)
    with pytest.raises(AccessDenied) as error:
        faulty.put("key", b"")
    assert "test-secret" not in f"{error.value.message}{error.value.where}{error.value.cure}"


def test_a_bug_is_no_store_error() -> None:
    assert store_error(TypeError("a bug"), "s3://bucket") is None


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "MULTIPART_ABOVE_BYTES", 5 << 20)
    monkeypatch.setattr(s3, "PART_BYTES", 5 << 20)


@pytest.mark.usefixtures("small_parts")
def test_a_large_file_goes_up_in_parts_and_comes_back_whole(proxy: FaultyS3, faulty: Store, tmp_path: Path) -> None:
    content = os.urandom(12 << 20)
    (tmp_path / "large").write_bytes(content)
    faulty.put("key", tmp_path / "large")
    assert any("partNumber=3" in line for line in proxy.seen)
    assert faulty.get("key") == content
    faulty.fetch("key", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


@pytest.mark.usefixtures("small_parts")
def test_a_large_file_that_fails_in_the_middle_is_absent_and_leaves_no_parts(
    proxy: FaultyS3, faulty: Store, bucket: str, s3_endpoint: str, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(os.urandom(12 << 20))
    proxy.arm("PUT", *[Answer(403, "AccessDenied")] * 30, query="partNumber=2")
    with pytest.raises(AccessDenied):
        faulty.put("key", tmp_path / "large")
    assert faulty.stat("key") is None
    assert "Uploads" not in s3_client(s3_endpoint).list_multipart_uploads(Bucket=bucket)


def test_a_version_shows_the_version_id_of_a_bucket_that_keeps_versions(bucket: str, s3_endpoint: str) -> None:
    s3_client(s3_endpoint).put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    store = open_store(f"s3://{bucket}/prefix")
    versions = []
    for _ in range(2):
        store.put("key", b"same")
        described = store.stat("key")
        assert described is not None
        versions.append(described.version)
    assert versions[0] != versions[1]


def test_a_store_that_was_used_before_a_fork_works_after_it(bucket: str) -> None:
    store = open_store(f"s3://{bucket}/prefix")
    store.put("key", b"1")
    child = os.fork()
    if child == 0:
        os._exit(0 if store.get("key") == b"1" and store.create("child", b"2") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.get("child") == b"2"


def test_an_object_that_was_changed_on_the_way_is_read_again(
    proxy: FaultyS3, faulty: Store, tmp_path: Path, bucket: str, s3_endpoint: str
) -> None:
    faulty.put("put", b"content of a put")
    assert faulty.create("created", b"content of a create")
    for key, content in (("put", b"content of a put"), ("created", b"content of a create")):
        proxy.arm("GET", FlippedBody(), FlippedBody())
        assert faulty.get(key) == content
        proxy.arm("GET", FlippedBody())
        faulty.fetch(key, tmp_path / key)
        assert (tmp_path / key).read_bytes() == content
    s3_client(s3_endpoint).put_object(
        Bucket=bucket, Key="prefix/put", Body=b"damaged in the store", Metadata={s3.CONTENT_SHA256: "0" * 64}
    )
    assert faulty.get("put") == b"damaged in the store", "who asked for it judges what is there"


def test_a_refusal_whose_answer_breaks_off_is_asked_again(proxy: FaultyS3, faulty: Store) -> None:
    proxy.arm("GET", CutBody())
    with pytest.raises(ObjectMissing):
        faulty.get("key")
    assert not proxy.faults


@pytest.mark.parametrize("code", ["XAmzContentSHA256Mismatch", "BadDigest", "IncompleteBody"])
def test_a_body_that_was_changed_on_the_way_is_sent_again(proxy: FaultyS3, faulty: Store, code: str) -> None:
    proxy.arm("PUT", Answer(400, code))
    faulty.put("put", b"content")
    proxy.arm("PUT", Answer(400, code))
    assert faulty.create("created", b"content")
    assert (faulty.get("put"), faulty.get("created")) == (b"content", b"content")
    proxy.arm("PUT", *[Answer(400, code)] * 30)
    with pytest.raises(StoreUnreachable, match=code):
        faulty.put("put", b"content")
