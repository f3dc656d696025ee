"""Which addresses are read, and how the others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml8s.errors import InvalidStoreUri
from ml8s.storage.uri import BucketAddress, ContainerAddress, FolderAddress, parse_address


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("./.ml8s", ".ml8s"),
        ("../store", "../store"),
        ("/srv/store/", "/srv/store"),
        ("with space", "with space"),
        ("file:///srv/store", "/srv/store"),
        ("file:///srv/store/", "/srv/store"),
        ("100%", "100%"),
    ],
)
def test_a_folder_is_taken_as_it_is(text: str, path: str) -> None:
    address = parse_address(text)
    assert isinstance(address, FolderAddress)
    assert address.path == Path(path)
    assert address.uri == text


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    address = parse_address("~/store")
    assert isinstance(address, FolderAddress)
    assert address.path == Path("/home/someone/store")


@pytest.mark.parametrize(
    ("text", "bucket", "prefix", "uri"),
    [
        ("s3://bucket", "bucket", "", "s3://bucket"),
        ("s3://bucket/", "bucket", "", "s3://bucket"),
        ("S3://my.bucket-1/a/b/", "my.bucket-1", "a/b", "s3://my.bucket-1/a/b"),
        ("s3://bucket/a b/ü", "bucket", "a b/ü", "s3://bucket/a b/ü"),
    ],
)
def test_a_bucket_address_has_one_spelling(text: str, bucket: str, prefix: str, uri: str) -> None:
    address = parse_address(text)
    assert address == BucketAddress(bucket, prefix)
    assert address.uri == uri
    assert parse_address(uri) == address


@pytest.mark.parametrize(
    ("text", "address", "uri"),
    [
        ("abfs://container", ContainerAddress("container", "", "", ""), "abfs://container"),
        ("abfss://my-box/a b/ü/", ContainerAddress("my-box", "", "", "a b/ü"), "abfs://my-box/a b/ü"),
        (
            "ABFS://box@account1.blob.core.windows.net/a/b",
            ContainerAddress("box", "account1", "core.windows.net", "a/b"),
            "abfs://box@account1.dfs.core.windows.net/a/b",
        ),
        (
            "abfs://box@account.dfs.core.chinacloudapi.cn",
            ContainerAddress("box", "account", "core.chinacloudapi.cn", ""),
            "abfs://box@account.dfs.core.chinacloudapi.cn",
        ),
    ],
)
def test_an_address_on_azure_has_one_spelling(text: str, address: ContainerAddress, uri: str) -> None:
    assert parse_address(text) == address
    assert address.uri == uri
    assert parse_address(uri) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("a\nb", "control"),
        (" ./store", "spaces"),
        ("x" * 2000, "too long"),
        ("s3://", "bucket"),
        ("s3:///key", "bucket"),
        ("s3:/bucket/key", "slashes"),
        ("s3:bucket", "slashes"),
        ("s3://UPPER/key", "bucket"),
        ("s3://ab/key", "bucket"),
        ("s3://a..b/key", "bucket"),
        ("s3://host:9000/bucket", "bucket"),
        ("s3://bucket/../other", r"`\.\.`"),
        ("s3://bucket/./a", r"`\.`"),
        ("s3://bucket//a", "empty"),
        ("s3://bucket/a//", "empty"),
        ("s3://bucket/a?versionId=1", r"`\?`"),
        ("s3://bucket/a#b", "`#`"),
        ("s3://bucket/%2e%2e/other", "`%`"),
        ("s3://bucket/a\\b", "`"),
        ("s3://key:secret@bucket/a", "credentials"),
        ("s3://user@bucket/a", "user name"),
        ("s3a://bucket/a", "s3a"),
        ("filecache::s3://bucket/a", "::"),
        ("s3://bucket/a::file:///b", "::"),
        ("file://relative/path", "absolute"),
        ("file:///a/../b", r"`\.\.`"),
        ("file:///a%2fb", "`%`"),
        ("az://container/a", "begins with az:"),
        ("wasbs://container@account.blob.core.windows.net/a", "begins with wasbs:"),
        ("abfs:/container/a", "slashes"),
        ("abfs://", "container"),
        ("abfs:///a", "container"),
        ("abfs://ab/a", "container"),
        ("abfs://Container/a", "container"),
        ("abfs://a--b/a", "container"),
        ("abfs://-ab/a", "container"),
        ("abfs://container@account/a", "storage account"),
        ("abfs://container@account.file.core.windows.net/a", "storage account"),
        ("abfs://container@Account.dfs.core.windows.net/a", "storage account"),
        ("abfs://container@account.dfs.core.windows.net:443/a", "credentials"),
        ("abfs://container@/a", "credentials"),
        ("abfs://user:s3cr3t@account.dfs.core.windows.net/a", "credentials"),
        ("abfs://a@b@account.dfs.core.windows.net/a", "credentials"),
        ("abfs://container/../a", r"`\.\.`"),
        ("abfs://container/a?sv=2024&sig=s3cr3t", r"`\?`"),
        ("abfs://container/%2e%2e/a", "`%`"),
        ("gs://bucket/a", "scheme `gs`"),
        ("https://host/a", "scheme `https`"),
        ("memory://a", "scheme `memory`"),
    ],
)
def test_another_address_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidStoreUri, match=why) as error:
        parse_address(text)
    assert error.value.cure
    assert error.value.exit_status == 2


@pytest.mark.parametrize(
    "text",
    [
        "abfs://c:s3cr3t@account.dfs.core.windows.net/a",
        "abfs://c/a?sig=s3cr3t",
        "s3://AKIA123:s3cr3t@bucket/a",
        "https://user:s3cr3t@host/a",
        "s3:/k:s3cr3t//x@b",
    ],
)
def test_a_refusal_repeats_no_credentials(text: str) -> None:
    with pytest.raises(InvalidStoreUri) as error:
        parse_address(text)
    assert "s3cr3t" not in f"{error.value.message}{error.value.where}{error.value.cure}"


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_plain_refusal(text: str) -> None:
    starts = ("", "s3://bucket/", "file:///", "abfs://container/", "abfs://container@account.dfs.core.windows.net/")
    for candidate in (*(f"{start}{text}" for start in starts), f"s3://{text}/x", f"abfs://{text}/x"):
        try:
            address = parse_address(candidate)
        except InvalidStoreUri:
            continue
        if not isinstance(address, FolderAddress):
            parts = address.prefix.split("/") if address.prefix else []
            assert not {"", ".", ".."}.intersection(parts)
            assert parse_address(address.uri) == address
