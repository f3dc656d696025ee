"""Bad addresses of stores, snapshots and configs: refused before anything is asked of a disk or a network."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.bad_input.case import Case
from tests.bad_input.snapshots import configured, write_config, write_snapshot

ADDRESS, USAGE, VALUES = "ML8S-T009", "ML8S-C005", "ML8S-C003"
SECRET: Final = "AKIAIOSFODNN7:wJalrXUtnFEMIsecret"


def store(name: str, uri: str, *says: str, code: str = ADDRESS, status: int = 2) -> Case:
    return Case(f"store: {name}", f"models list --store '{uri}'", code, says, status=status)


def snapshot(name: str, uri: str, *says: str, code: str = ADDRESS) -> Case:
    return Case(f"snapshot: {name}", f"data check '{uri}'", code, says)


def configured_uri(name: str, uri: str, *says: str) -> Case:
    return Case(f"dataset_uri: {name}", "run config.yaml", VALUES, says, "config.yaml:1:", make=lambda folder: write_config(folder, dataset_uri=uri))


def publish(name: str, uri: str, *says: str, code: str = ADDRESS, make: object = None) -> Case:
    return Case(f"publish: {name}", f"data publish rows.csv '{uri}'", code, says, make=make or rows)  # type: ignore[arg-type]


def rows(folder: Path) -> None:
    (folder / "rows.csv").write_text("id,y\n" + "".join(f"{n},{n % 2}\n" for n in range(40)))


def rows_and_snapshot(folder: Path) -> None:
    rows(folder)
    write_snapshot(folder)


def rows_and_file(folder: Path) -> None:
    rows(folder)
    (folder / "data").write_text("a file of mine")


def file_as_store(folder: Path) -> None:
    write_config(folder)
    (folder / "store").write_text("a file of mine")


STORES: Final = [
    store("empty", "", "the address is empty", "write a folder"),
    store("blanks", "  ", "the address is empty"),
    store("ftp", "ftp://host/store", "has the scheme `ftp`", "s3://bucket/prefix"),
    store("http", "http://bucket/store", "has the scheme `http`"),
    store("https with a token", "https://account.blob.core.windows.net/c?sig=s3cr3tsignature", "has the scheme `https`"),
    store("the metadata address", "http://169.254.169.254/latest/meta-data/", "has the scheme `http`"),
    store("the metadata address as a bucket", "s3://169.254.169.254/latest", "is an IP address"),
    store("javascript", "javascript:alert(1)", "has the scheme `javascript`"),
    store("data", "data:text/plain,x", "has the scheme `data`"),
    store("memory", "memory://x", "has the scheme `memory`"),
    store("a chain", "simplecache::s3://bucket/x", "chains addresses with `::`"),
    store("a chain of files", "filecache::file:///etc", "chains addresses with `::`"),
    store("s3a", "s3a://bucket/x", "write s3://bucket/prefix"),
    store("az", "az://container/x", "begins with az:", "abfs://container@account.dfs.core.windows.net/prefix"),
    store("an Azure container of capitals", "abfs://Container/x", "names no valid container", "lower-case letters"),
    store("an Azure host that is none", "abfs://container@account/x", "names no storage account"),
    store("an Azure address with a signature", "abfs://container/x?sv=2024&sig=s3cr3t", "holds `?`"),
    store("credentials in an Azure address", "abfs://me:s3cr3t@account.dfs.core.windows.net/x", "holds a user name or credentials", "AZURE_STORAGE_CONNECTION_STRING"),
    store("one slash", "s3:/bucket/x", "lacks the two slashes"),
    store("no bucket", "s3://", "names no valid bucket"),
    store("an empty bucket", "s3:///prefix", "names no valid bucket"),
    store("a bucket of two letters", "s3://ab/x", "3 to 63"),
    store("a bucket of capitals", "s3://Bucket/x", "lower-case letters"),
    store("a bucket with an underscore", "s3://my_bucket/x", "names no valid bucket"),
    store("a bucket with a port", "s3://bucket:9000/x", "no port"),
    store("a bucket of 64 letters", "s3://" + "b" * 64 + "/x", "3 to 63"),
    store("a homoglyph", "s3://buсket/x", "names no valid bucket"),
    store("credentials", f"s3://{SECRET}@bucket/x", "holds a user name or credentials", "AWS_ACCESS_KEY_ID"),
    store("credentials in a file address", f"file://{SECRET}@host/x", "holds a user name or credentials"),
    store("dots", "s3://bucket/../other", "`..` part"),
    store("a dot", "s3://bucket/./x", "`.` or `..` part"),
    store("two slashes", "s3://bucket//x", "has an empty"),
    store("an escaped dot", "s3://bucket/%2e%2e/x", "holds `%`"),
    store("a fragment", "s3://bucket/x#y", "holds `#`"),
    store("a query", "s3://bucket/x?versionId=1", "holds `?`"),
    store("a backslash", "s3://bucket/a\\b", "holds `\\`"),
    store("a newline", "s3://bucket/a\nb", "control characters"),
    store("a terminal's escape", "s3://bucket/\x1b[2J", "control characters"),
    store("spaces at its ends", " s3://bucket/x ", "spaces at its ends"),
    store("2,000 characters", "s3://bucket/" + "a" * 2000, "too long"),
    store("a file address of a host", "file://host/x", "write file:///folder"),
    store("a file address above the root", "file:///../x", "`..` part"),
    store("a template", "s3://bucket/{{workflow.name}}", "holds `{{`"),
    Case("store: a file", "run config.yaml --store store", ADDRESS, ("store is a file", "name a folder"), "store", make=file_as_store),
    Case("store: below a file", "run config.yaml --store store/below", ADDRESS, ("store is a file, where a folder is needed",), "store/below", make=file_as_store),
    Case("store: where nothing may be written", "run config.yaml --store /proc/ml8s", "ML8S-T003", ("no folder can be made there", "--store"), "/proc/ml8s", make=write_snapshot, status=4),
    Case("store: a full disk", "run config.yaml --store /dev/full", ADDRESS, ("/dev/full is a file",), "/dev/full", make=write_snapshot),
    Case("store: of an unknown home", "models list --store ~nobody-here/x", "", (), status=0),
    Case("store: by the environment", "models list", ADDRESS, ("has the scheme `ftp`",), environment={"ML8S_STORE": "ftp://host/x"}),
]

SNAPSHOTS: Final = [
    snapshot("empty", "", "the address is empty"),
    snapshot("http", "http://host/data", "has the scheme `http`"),
    snapshot("a chain", "zip://x::s3://bucket/x.zip", "chains addresses"),
    snapshot("credentials", f"s3://{SECRET}@bucket/x", "holds a user name or credentials"),
    snapshot("dots", "s3://bucket/a/../b", "`..` part"),
    snapshot("an escape", "s3://bucket/a%2fb", "holds `%`"),
    configured_uri("http", "http://host/data", "`http:`", "s3://bucket/folder/"),
    configured_uri("a chain", "simplecache::s3://bucket/x", "chains addresses"),
    configured_uri("credentials", f"s3://{SECRET}@bucket/x", "user name and password", "replace these"),
    configured_uri("dots", "../../etc", "holds `..`"),
    configured_uri("an escape", "s3://bucket/%2e%2e/x", "percent escape"),
    configured_uri("a query", "s3://bucket/x?y", "holds `?`"),
    configured_uri("a fragment", "s3://bucket/x#y", "holds `#`"),
    configured_uri("two slashes", "s3://bucket//x", "empty folder name"),
    configured_uri("a homoglyph", "s3://buсket/x", "look like others"),
    configured_uri("an invisible character", "s3://bucket/\u200bx", "U+200B"),
    configured_uri("a host", "file://host/x", "names the host"),
    configured_uri("empty", "", "dataset_uri"),
    configured_uri("a drive", "C:\\data", "backslash"),
    configured_uri("the metadata address", "http://169.254.169.254/latest", "`http:`"),
    publish("http", "http://host/x", "has the scheme `http`"),
    publish("credentials", f"s3://{SECRET}@bucket/x", "holds a user name or credentials"),
    publish("dots", "s3://bucket/../x", "`..` part"),
    publish("over a snapshot", "data", "holds a snapshot, and a snapshot is never changed", code="ML8S-D009", make=rows_and_snapshot),
    publish("over a file", "data", "is a file", make=rows_and_file),
]

CONFIGS: Final = [
    Case("config: http", "validate http://host/c.yaml", USAGE, ("a config is not read from http://",), "http://host/c.yaml"),
    Case("config: no file in a bucket", "validate s3://bucket", USAGE, ("names no file", "s3://bucket/folder/file.yaml"), "s3://bucket"),
    Case("config: a bucket's folder", "validate s3://bucket/folder/", USAGE, ("names no file",), "s3://bucket/folder/"),
    Case("config: credentials", f"validate s3://{SECRET}@bucket/x/c.yaml", ADDRESS, ("credentials",)),
    Case("config: dots", "validate s3://bucket/../c.yaml", ADDRESS, ("`..` part",)),
    Case("config: a relative snapshot above a bucket", "run config.yaml --set dataset_uri=../x", VALUES, ("holds `..`",), "--set dataset_uri", make=configured()),
]

CASES: Final = [*STORES, *SNAPSHOTS, *CONFIGS]
