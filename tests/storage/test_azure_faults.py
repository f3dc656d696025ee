"""What an Azure store does when the network or the server fails: Azurite behind a proxy that fails."""

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
    StoreUnreachable,
)
from ml8s.storage import azure, open_store
from ml8s.storage.azure_errors import store_error
from ml8s.storage.store import Store
from tests.azurite_server import ACCOUNT, KEY, azure_client, azure_environment
from tests.storage.faulty_s3 import Answer, CutBody, FaultyS3, FlippedBody, LostAnswer, faulty_s3


@pytest.fixture(scope="module")
def shared_proxy(azure_endpoint: str) -> Iterator[FaultyS3]:
    with faulty_s3(azure_endpoint) as proxy:
        yield proxy


@pytest.fixture
def proxy(shared_proxy: FaultyS3, container: str, monkeypatch: pytest.MonkeyPatch) -> FaultyS3:
    for name, value in azure_environment(shared_proxy.url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(azure, "PAUSE_SECONDS", 0.01)
    shared_proxy.arm("PUT")
    return shared_proxy


@pytest.fixture
def faulty(proxy: FaultyS3, container: str) -> Store:
    return open_store(f"abfs://{container}/prefix")


@pytest.fixture
def sound(container: str) -> Store:
    return open_store(f"abfs://{container}/prefix")


def test_a_creator_whose_answer_was_lost_knows_that_it_won(proxy: FaultyS3, faulty: Store) -> None:
    # The request is repeated, and refused by its own success: only the write id can tell.
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
    proxy.arm("PUT", *[LostAnswer()] * azure.ATTEMPTS)
    assert faulty.create("key", b"mine")
    assert faulty.get("key") == b"mine"


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD", "DELETE"])
@pytest.mark.parametrize(
    "fault", [LostAnswer(), Answer(503, "ServerBusy"), Answer(500, "InternalError")], ids=["lost", "busy", "internal"]
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


def test_an_answer_that_breaks_off_or_was_changed_is_read_again(proxy: FaultyS3, faulty: Store, tmp_path: Path) -> None:
    content = os.urandom(500_000)
    faulty.put("key", content)
    for fault in (CutBody(), FlippedBody()):
        proxy.arm("GET", fault, fault)
        assert faulty.get("key") == content
        proxy.arm("GET", fault)
        faulty.fetch("key", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == content


def test_an_answer_that_always_breaks_off_leaves_no_file(proxy: FaultyS3, faulty: Store, tmp_path: Path) -> None:
    faulty.put("key", os.urandom(10_000))
    proxy.arm("GET", *[CutBody()] * 50)
    with pytest.raises(StoreUnreachable) as error:
        faulty.fetch("key", tmp_path / "copy")
    assert "key" in error.value.where
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_was_changed_on_the_way_is_sent_again(proxy: FaultyS3, faulty: Store) -> None:
    proxy.arm("PUT", Answer(400, "Md5Mismatch"))
    faulty.put("put", b"content")
    proxy.arm("PUT", Answer(400, "Md5Mismatch"))
    assert faulty.create("created", b"content")
    assert (faulty.get("put"), faulty.get("created")) == (b"content", b"content")


MEANINGS: list[tuple[int, str, type[StoreError]]] = [
    (403, "AuthorizationFailure", AccessDenied),
    (403, "AuthorizationPermissionMismatch", AccessDenied),
    (403, "AuthenticationFailed", AccessDenied),
    (401, "NoAuthenticationInformation", AccessDenied),
    (404, "ContainerNotFound", BucketMissing),
    (400, "InvalidResourceName", InvalidStoreUri),
    (507, "InsufficientStorage", StoreFull),
    (418, "SomethingNobodyKnows", StoreUnreachable),
    (503, "ServerBusy", StoreUnreachable),
    (500, "OperationTimedOut", StoreUnreachable),
]


@pytest.mark.parametrize(("status", "code", "kind"), MEANINGS, ids=[code for _, code, _ in MEANINGS])
def test_an_answer_means_one_error(
    proxy: FaultyS3, faulty: Store, status: int, code: str, kind: type[StoreError]
) -> None:
    for name in ("put", "create"):
        proxy.arm("PUT", *[Answer(status, code)] * 30)
        with pytest.raises(StoreError) as error:
            getattr(faulty, name)("key", b"")
        assert type(error.value) is kind
        assert error.value.cure
        assert faulty.uri in error.value.where
        assert len(proxy.seen) <= azure.ATTEMPTS + 1
    proxy.arm("HEAD", *[Answer(status, code)] * 30)
    with pytest.raises(kind):
        faulty.stat("key")
    proxy.arm("PUT")
    assert faulty.stat("key") is None


def test_an_unknown_container_is_named_by_every_operation(container: str) -> None:
    for call in ("get", "stat", "delete", "list", "put", "create"):
        store = open_store(f"abfs://{container}-other/prefix")
        with pytest.raises(BucketMissing) as error:
            list(getattr(store, call)("key", *([b""] if call in ("put", "create") else [])))
        assert f"{container}-other" in error.value.message
        assert error.value.exit_status == 3


def test_a_key_that_is_not_the_accounts_is_refused_and_not_shown(
    container: str, azure_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = KEY[::-1].strip("=") + "=="
    for name, value in azure_environment(azure_endpoint, wrong).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AccessDenied) as error:
        open_store(f"abfs://{container}/prefix").get("key")
    assert wrong not in f"{error.value.message}{error.value.where}{error.value.cure}"


@pytest.mark.parametrize("text", ["", "AccountName=x;AccountKey", "nonsense-of-mine", "AccountName=x;AccountKey=abc"])
def test_a_connection_string_that_is_none_is_no_credentials(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "x")
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
    with pytest.raises(NoCredentials) as error:
        open_store("abfs://container/prefix").get("key")
    assert error.value.exit_status == 4
    assert not text or text not in f"{error.value.message}{error.value.where}{error.value.cure}"


def test_an_address_without_an_account_needs_one_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in azure_environment(""):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoCredentials, match="names no storage account"):
        open_store("abfs://container/prefix").get("key")


def test_credentials_of_another_account_than_the_address_names_are_refused(container: str) -> None:
    with pytest.raises(InvalidStoreUri, match=f"in the account elsewhere.*in {ACCOUNT}"):
        open_store(f"abfs://{container}@elsewhere.dfs.core.windows.net/prefix").get("key")
    store = open_store(f"abfs://{container}@{ACCOUNT}.dfs.core.windows.net/prefix")
    store.put("key", b"mine")
    assert open_store(f"abfs://{container}/prefix").get("key") == b"mine"


def test_a_server_that_is_not_there_is_unreachable_in_bounded_time(
    container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in azure_environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreUnreachable):
        open_store(f"abfs://{container}/").create("key", b"")


def test_the_endpoint_holds_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in azure_environment(""):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "sv=2024&sig=s3cr3t")
    endpoint = open_store("abfs://container@account.dfs.core.windows.net/prefix").endpoint
    assert endpoint == "https://account.blob.core.windows.net"


def test_a_large_file_goes_up_in_blocks_and_comes_back_whole(proxy: FaultyS3, faulty: Store, tmp_path: Path) -> None:
    content = os.urandom(70 << 20)
    (tmp_path / "large").write_bytes(content)
    faulty.put("key", tmp_path / "large")
    assert any("comp=blocklist" in line for line in proxy.seen)
    faulty.fetch("key", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    proxy.arm("PUT", *[Answer(403, "AuthorizationFailure")] * 30, query="comp=blocklist")
    with pytest.raises(AccessDenied):
        faulty.put("other", tmp_path / "large")
    assert faulty.stat("other") is None


def test_a_folder_of_a_hierarchical_account_is_no_object(sound: Store, container: str, azure_endpoint: str) -> None:
    with azure_client(azure_endpoint) as client:
        client.get_container_client(container).upload_blob("prefix/a", b"", metadata={azure.FOLDER_MARK: "true"})
    sound.put("a/b", b"1")
    assert [item.key for item in sound.list()] == ["a/b"]
    assert sound.stat("a") is None
    with pytest.raises(ObjectMissing):
        sound.get("a")


def test_a_store_that_was_used_before_a_fork_works_after_it(sound: Store) -> None:
    sound.put("key", b"1")
    child = os.fork()
    if child == 0:
        os._exit(0 if sound.get("key") == b"1" and sound.create("child", b"2") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert sound.get("child") == b"2"


def test_a_bug_is_no_store_error() -> None:
    assert store_error(TypeError("a bug"), "abfs://container") is None
