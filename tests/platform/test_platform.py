"""platform.yaml: strict, every problem at once with its place and cure; and its words in explain."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml8s.config.explain import explain
from ml8s.errors import InvalidPlatform, PlatformMissing, UnknownTopic
from ml8s.platform.model import Platform
from ml8s.platform.reading import fields, load_platform, parse_platform

EXAMPLE = Path(__file__).parents[2] / "workflow-templates" / "platform.example.yaml"
TEXT = EXAMPLE.read_text()


def test_the_example_is_valid() -> None:
    platform = load_platform(str(EXAMPLE))
    assert platform.namespace == "ml8s"
    assert platform.credentials.registry.secret == "ml8s-registry"


def refused(text: str) -> InvalidPlatform:
    with pytest.raises(InvalidPlatform) as caught:
        parse_platform(text, "platform.yaml")
    assert caught.value.cure
    assert all(problem.cure and problem.where.startswith("platform.yaml:") for problem in caught.value.problems)
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("namespace:", "namespce:", "did you mean `namespace`?"),
        ("ml8s-core@sha256:" + "1" * 64, "ml8s-core:latest", "as `make images` prints it"),
        ("ml8s-core@sha256:" + "1" * 64, "ml8s-core@sha256:1234", "no image by digest"),
        ("store: {secret: ml8s-store}", "store: {}", "either `secret` or `workload_identity`"),
        ("{secret: ml8s-store}", "{secret: ml8s-store, workload_identity: x}", "either"),
        ("s3://ml8s/store", "https://ml8s/store", "store.uri"),
        ("s3://ml8s/store", "s3://ml8s/../store", "has an empty, `.` or `..` part"),
        ("s3://ml8s/store", "s3://ml8s/./store", "has an empty, `.` or `..` part"),
        ("s3://ml8s/store", "s3://ml8s..x/store", "names no valid bucket (`ml8s..x`)"),
        ("s3://ml8s/store", "s3://10.0.0.1/store", "is an IP address"),
        ("s3://ml8s/store", f"s3://{'b' * 64}/store", "3 to 63 lower-case letters"),
        ("s3://ml8s/store", "abfs://box@account.dfs.core.windows.net/store", "store.uri"),
        ("namespace: ml8s", "namespace: My_Namespace", "namespace"),
        ("namespace: ml8s", "namespace: '{{workflow.name}}'", "{{"),
        ("maximum: {cpu: 16", "maximum: {cpu: many", "maximum.cpu"),
        ("maximum: {cpu: 16", "maximum: {cpu: 0", "maximum.cpu"),
        ("memory: 64Gi", "memory: 64GB", "maximum.memory"),
        ("allowed_buckets: [ml-datasets]", "allowed_buckets: ml-datasets", "allowed_buckets"),
        ("namespace: ml8s", "namespace: ml8s\nnamespace: other", "namespace"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_cure(old: str, new: str, words: str) -> None:
    assert old in TEXT
    error = refused(TEXT.replace(old, new))
    assert words in " ".join(f"{problem.message} {problem.cure} {problem.excerpt}" for problem in error.problems)


def test_every_problem_is_named_at_once_sorted_by_line() -> None:
    error = refused("namespace: A_B\nstore: {uri: s3://bkt/x, colour: red}\nimages: {core: x}\n")
    lines = [int(problem.where.split(":")[1]) for problem in error.problems]
    assert len(error.problems) == 5
    assert lines == sorted(lines)


@pytest.mark.parametrize("text", ["", "- a\n", "store: [", "&a b: *a"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    refused(text)


def test_a_platform_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ML8S_PLATFORM", raising=False)
    with pytest.raises(PlatformMissing):
        load_platform()
    monkeypatch.setenv("ML8S_PLATFORM", str(tmp_path / "nowhere.yaml"))
    with pytest.raises(InvalidPlatform, match="nowhere"):
        load_platform()
    monkeypatch.setenv("ML8S_PLATFORM", str(EXAMPLE))
    assert load_platform() == load_platform(str(EXAMPLE))


def test_explain_knows_every_field() -> None:
    assert len(fields()) >= 25
    overview = explain("platform")
    for path, text in fields().items():
        assert path in overview
        assert text.splitlines()[0] in explain(path)
    with pytest.raises(UnknownTopic):
        explain("platform.colour")


def test_every_section_and_field_is_described() -> None:
    assert Platform.__doc__
    assert all(text.splitlines()[0].endswith(".") for text in fields().values())
