"""What is special about a folder as a store."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml8s.errors import AccessDenied, InvalidStoreUri, ML8sError
from ml8s.storage import open_store

NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="ml8s-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def errors_of_an_ordinary_user(uri: Path, largest_file: int = -1) -> dict[str, str]:
    """Which error each operation gives in a process that has no power over foreign files."""
    open_store(str(uri)).stat("key")  # whatever is imported later must be imported while we still may
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
            os.write(sink, json.dumps(errors_of_each_operation(str(uri))).encode())
        finally:
            os._exit(0)
    os.close(sink)
    with os.fdopen(source) as result:
        found: dict[str, str] = json.load(result)
    os.waitpid(child, 0)
    return found


def errors_of_each_operation(uri: str) -> dict[str, str]:
    found = {}
    for name, arguments in (("get", ()), ("put", (b"x" * 100_000,)), ("create", (b"x" * 100_000,)), ("delete", ())):
        try:
            getattr(open_store(uri), name)("folder/key", *arguments)
        except ML8sError as error:
            assert error.cure
            assert uri in error.message
            found[name] = type(error).__name__
    return found


def test_a_folder_that_may_not_be_written_is_access_denied(open_folder: Path) -> None:
    store = open_store(str(open_folder / "store"))
    store.put("folder/key", b"1")
    for folder in (open_folder / "store", open_folder / "store/folder", open_folder / "store/.tmp"):
        folder.chmod(0o555)
    found = errors_of_an_ordinary_user(open_folder / "store")
    assert found == {"put": "AccessDenied", "create": "AccessDenied", "delete": "AccessDenied"}
    assert store.get("folder/key") == b"1"


def test_a_folder_that_may_not_be_read_is_access_denied(open_folder: Path) -> None:
    store = open_store(str(open_folder / "store"))
    store.put("folder/key", b"1")
    (open_folder / "store").chmod(0o700 if os.geteuid() == 0 else 0o000)
    try:
        found = errors_of_an_ordinary_user(open_folder / "store")
    finally:
        (open_folder / "store").chmod(0o700)
    assert set(found.values()) == {"AccessDenied"}
    assert len(found) == 4


def test_a_full_disk_is_store_full_and_leaves_nothing(open_folder: Path) -> None:
    # A limit on the size of files is the full disk that every user can have.
    found = errors_of_an_ordinary_user(open_folder / "store", largest_file=50_000)
    assert found == {"get": "ObjectMissing", "put": "StoreFull", "create": "StoreFull"}
    assert [path for path in (open_folder / "store").rglob("*") if path.is_file()] == []


def test_the_file_system_of_the_kernel_refuses_a_store() -> None:
    with pytest.raises(AccessDenied):
        open_store("/sys/ml8s-store").put("key", b"")


def test_a_writer_that_is_killed_leaves_nothing_to_see(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    program = (
        "import pathlib, sys; from ml8s.storage import open_store; "
        "open_store(sys.argv[1]).put('key', pathlib.Path(sys.argv[2]))"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "store"), str(pipe)])
    with pipe.open("wb") as source:
        source.write(b"x" * (2 << 20))
        source.flush()
        deadline = time.monotonic() + 20
        while not list(tmp_path.glob("store/.tmp/*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    store = open_store(str(tmp_path / "store"))
    assert list((tmp_path / "store/.tmp").iterdir()), "the writer was killed in the middle"
    assert list(store.list()) == []
    assert store.stat("key") is None
    store.put("key", b"whole")
    assert store.get("key") == b"whole"


def test_who_opened_an_object_before_it_was_replaced_reads_the_earlier_one(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put("key", b"earlier")
    with (tmp_path / "key").open("rb") as reader:
        store.put("key", b"later and longer")
        assert reader.read() == b"earlier"
    assert store.get("key") == b"later and longer"


def test_a_finished_write_leaves_no_scratch(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put("a", b"1")
    store.create("b", b"1")
    store.create("b", b"2")
    assert list((tmp_path / ".tmp").iterdir()) == []


def test_opening_and_reading_make_no_folder(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    assert list(store.list()) == []
    assert store.stat("key") is None
    store.delete("key")
    assert not (tmp_path / "store").exists()


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidStoreUri, match="is a file"):
        open_store(str(tmp_path / "file"))


def test_an_object_below_an_object_is_refused(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put("a", b"1")
    store.put("folder/b", b"1")
    for key in ("a/b", "folder"):
        with pytest.raises(InvalidStoreUri):
            store.put(key, b"2")
        with pytest.raises(InvalidStoreUri):
            store.create(key, b"2")


def test_a_link_to_a_file_is_read_as_that_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"content")
    (tmp_path / "store").mkdir()
    (tmp_path / "store/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "store/dangling").symlink_to(tmp_path / "nowhere")
    store = open_store(str(tmp_path / "store"))
    assert [(item.key, item.size) for item in store.list()] == [("link", 7)]
    assert store.get("link") == b"content"


def test_a_folder_of_another_name_is_the_same_address() -> None:
    assert open_store("file:///tmp/some/store").uri == "file:///tmp/some/store"


def test_objects_are_readable_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        open_store(str(tmp_path)).put("key", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o640
