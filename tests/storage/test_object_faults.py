"""What every object store does when the network or the server fails: real servers behind a real proxy that fails."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ml8s.errors import AccessDenied, BucketMissing, ObjectMissing, StoreError, StoreFull, StoreUnreachable
from ml8s.storage import azure, open_store, s3
from ml8s.storage.answers import Dialect
from ml8s.storage.objects import ATTEMPTS
from ml8s.storage.store import Store
from tests.storage.faulty_proxy import ANY, Answer, CutBody, Fault, FaultyProxy, FlippedBody, LostAnswer
from tests.storage.providers import PROVIDERS, Provider

MEANINGS = [
    pytest.param(provider, *meaning, id=f"{provider.scheme}-{meaning[1]}")
    for provider in PROVIDERS
    for meaning in provider.meanings
]


def test_a_creator_whose_answer_was_lost_knows_that_it_won(proxy: FaultyProxy, faulty: Store) -> None:
    # The request is repeated, and refused by its own success: only the write id can tell.
    proxy.arm("PUT", LostAnswer())
    assert faulty.create("key", b"mine")
    assert faulty.get("key") == b"mine"
    assert len([line for line in proxy.seen if line.startswith("PUT")]) == 2


def test_a_creator_whose_answer_was_lost_knows_that_it_lost(proxy: FaultyProxy, faulty: Store) -> None:
    assert faulty.create("key", b"theirs")
    proxy.arm("PUT", LostAnswer())
    assert not faulty.create("key", b"mine")
    assert faulty.get("key") == b"theirs"


def test_a_creator_whose_every_answer_was_lost_knows_that_it_won(proxy: FaultyProxy, faulty: Store) -> None:
    proxy.arm("PUT", *[LostAnswer()] * ATTEMPTS)
    assert faulty.create("key", b"mine")
    assert faulty.get("key") == b"mine"


def test_a_creator_refused_by_an_object_that_is_gone_tries_again(
    provider: Provider, proxy: FaultyProxy, faulty: Store
) -> None:
    proxy.arm("PUT", provider.taken, provider.taken)
    assert faulty.create("key", b"mine")
    proxy.arm("PUT", *[provider.taken] * 50)
    with pytest.raises(StoreUnreachable, match="did not settle"):
        faulty.create("other", b"mine")
    proxy.arm("PUT")
    assert (faulty.get("key"), faulty.stat("other")) == (b"mine", None)


def test_a_creator_that_was_refused_looks_again_when_its_look_fails(
    provider: Provider, proxy: FaultyProxy, faulty: Store
) -> None:
    # The refusal before it says nothing of why the look failed.
    assert faulty.create("key", b"theirs")
    proxy.arm(ANY, provider.taken, LostAnswer(), provider.busy)
    assert not faulty.create("key", b"mine")
    assert not proxy.faults


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD", "DELETE"])
@pytest.mark.parametrize("fault", ["lost", "busy", "internal"])
def test_a_temporary_failure_is_survived(
    provider: Provider, proxy: FaultyProxy, faulty: Store, method: str, fault: str
) -> None:
    faults: dict[str, Fault] = {"lost": LostAnswer(), "busy": provider.busy, "internal": Answer(500, "InternalError")}
    faulty.put("key", b"content")
    proxy.arm(method, faults[fault])
    calls = {"PUT": lambda: faulty.put("key", b"content"), "GET": lambda: faulty.get("key")}
    calls |= {"HEAD": lambda: faulty.stat("key"), "DELETE": lambda: faulty.delete("other")}
    calls[method]()
    assert not proxy.faults
    assert faulty.get("key") == b"content"


@pytest.mark.parametrize("fault", [CutBody(), FlippedBody()], ids=["cut", "flipped"])
def test_an_object_that_was_cut_or_changed_on_the_way_is_read_again(
    proxy: FaultyProxy, faulty: Store, tmp_path: Path, fault: Fault
) -> None:
    contents = {"put": os.urandom(500_000), "created": b"content of a create"}
    faulty.put("put", contents["put"])
    assert faulty.create("created", contents["created"])
    for key, content in contents.items():
        proxy.arm("GET", fault, fault)
        assert faulty.get(key) == content
        proxy.arm("GET", fault)
        faulty.fetch(key, tmp_path / key)
        assert (tmp_path / key).read_bytes() == content
        assert not proxy.faults


def test_an_object_that_is_damaged_in_the_store_is_handed_on(
    provider: Provider, uri: str, sound: Store, request: pytest.FixtureRequest
) -> None:
    sound.put("key", b"content")
    bucket = uri.split("/")[2]
    provider.overwrite(request.getfixturevalue(provider.endpoint), bucket, "prefix/key", b"damaged")
    assert sound.get("key") == b"damaged", "who asked for it judges what is there"


def test_an_answer_that_always_breaks_off_leaves_no_file(proxy: FaultyProxy, faulty: Store, tmp_path: Path) -> None:
    faulty.put("key", os.urandom(10_000))
    proxy.arm("GET", *[CutBody()] * 50)
    with pytest.raises(StoreUnreachable) as error:
        faulty.fetch("key", tmp_path / "copy")
    assert "key" in error.value.where
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_or_a_listing_whose_answer_breaks_off_is_asked_again(proxy: FaultyProxy, faulty: Store) -> None:
    faulty.put("key", b"content")
    proxy.arm("GET", CutBody())
    with pytest.raises(ObjectMissing):
        faulty.get("other")
    assert not proxy.faults
    proxy.arm("GET", CutBody())
    assert [item.key for item in faulty.list()] == ["key"]
    assert not proxy.faults


def test_a_body_that_was_changed_on_the_way_is_sent_again(
    provider: Provider, proxy: FaultyProxy, faulty: Store
) -> None:
    for answer in provider.garbled:
        proxy.arm("PUT", answer)
        faulty.put("put", b"content")
        proxy.arm("PUT", answer)
        assert faulty.create(answer.code, b"content")
        assert (faulty.get("put"), faulty.get(answer.code)) == (b"content", b"content")
        proxy.arm("PUT", *[answer] * 30)
        with pytest.raises(StoreUnreachable, match=answer.code):
            faulty.put("put", b"content")
        assert len(proxy.seen) == ATTEMPTS


@pytest.mark.parametrize(("provider", "status", "code", "kind"), MEANINGS, indirect=["provider"])
def test_an_answer_means_one_error(
    proxy: FaultyProxy, faulty: Store, status: int, code: str, kind: type[StoreError]
) -> None:
    for method, call in (("PUT", "put"), ("PUT", "create"), ("GET", "get")):
        proxy.arm(method, *[Answer(status, code)] * 30)
        with pytest.raises(StoreError) as error:
            getattr(faulty, call)("key", *([b""] if method == "PUT" else []))
        assert type(error.value) is kind
        assert error.value.cure
        assert faulty.uri in error.value.where
        assert len(proxy.seen) <= ATTEMPTS + 3
    proxy.arm("PUT")
    assert faulty.stat("key") is None


def test_a_clock_that_is_wrong_is_named(provider: Provider, proxy: FaultyProxy, faulty: Store) -> None:
    proxy.arm("GET", provider.clock)
    with pytest.raises(AccessDenied, match="this machine's clock"):
        faulty.get("key")


def test_an_unknown_bucket_is_named_by_every_operation(uri: str) -> None:
    other = uri.replace("/prefix", "-other/prefix")
    store = open_store(other)
    for call in ("stat", "get", "delete", "list", "put", "create"):
        with pytest.raises(BucketMissing) as error:
            list(getattr(store, call)("key", *([b""] if call in ("put", "create") else [])))
        assert other in error.value.message
        assert error.value.exit_status == 3


def test_a_server_that_is_not_there_is_unreachable_in_bounded_time(
    provider: Provider, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in provider.environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreUnreachable) as error:
        open_store(uri).create("key", b"")
    assert provider.server in error.value.cure


@pytest.mark.usefixtures("small_parts")
def test_a_large_file_goes_up_in_parts_and_appears_with_the_last(
    provider: Provider, proxy: FaultyProxy, faulty: Store, tmp_path: Path
) -> None:
    content = os.urandom(provider.large)
    (tmp_path / "large").write_bytes(content)
    faulty.put("key", tmp_path / "large")
    for part in (provider.one_part, provider.last_part):
        assert any(part in line for line in proxy.seen)
    faulty.fetch("key", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    proxy.arm("PUT", *[provider.denied] * 30, query=provider.one_part)
    with pytest.raises(AccessDenied):
        faulty.put("other", tmp_path / "large")
    assert faulty.stat("other") is None


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A limit on the bytes of a file that this process writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_of_this_machine_that_is_full_is_named_and_not_the_store(sound: Store, tmp_path: Path) -> None:
    sound.put("key", os.urandom(3_000_000))
    with files_of_at_most(1_000_000), pytest.raises(StoreFull) as error:
        sound.fetch("key", tmp_path / "copy")
    assert error.value.where == str(tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_was_used_before_a_fork_works_after_it(sound: Store) -> None:
    sound.put("key", b"1")
    child = os.fork()
    if child == 0:
        os._exit(0 if sound.get("key") == b"1" and sound.create("child", b"2") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert sound.get("child") == b"2"


@pytest.mark.parametrize("dialect", [s3.DIALECT, azure.DIALECT], ids=["s3", "azure"])
def test_a_bug_is_no_store_error(dialect: Dialect) -> None:
    assert dialect.store_error(TypeError("a bug"), "bucket") is None


@pytest.mark.parametrize(
    ("uri", "library"), [("s3://bucket/x", "s3fs"), ("abfs://container@account.dfs.core.windows.net/x", "adlfs")]
)
def test_without_the_client_that_is_said(uri: str, library: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; from ml8s.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "models", "list", "--store", uri]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 2
    for word in ("ML8S-S012", uri, library, "pip install ml8s"):
        assert word in said.stderr
    assert "Traceback" not in said.stderr
