"""Configs at an s3:// address, against a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml8s.config.loader import load_config
from ml8s.errors import BucketMissing, ConfigNotFound, ConfigUnreadable, InvalidConfig
from tests.s3_server import s3_client, s3_environment, s3_server

TEXT = "dataset_uri: snapshots/v3\ntask: regression\ntarget_column: price\nsplit: {strategy: random}\n"


@pytest.fixture
def bucket() -> Iterator[object]:
    with s3_server() as endpoint, pytest.MonkeyPatch.context() as patch:
        for name, value in s3_environment(endpoint).items():
            patch.setenv(name, value)
        client = s3_client(endpoint)
        client.create_bucket(Bucket="configs")
        yield client


def test_a_config_is_read_from_a_bucket(bucket: object) -> None:
    bucket.put_object(Bucket="configs", Key="team/pricing_v2.yaml", Body=TEXT.encode())  # type: ignore[attr-defined]
    loaded = load_config("s3://configs/team/pricing_v2.yaml")
    assert loaded.config.name == "pricing_v2"
    assert loaded.sources["task"] == "s3://configs/team/pricing_v2.yaml:2"
    assert loaded.dataset_location == "s3://configs/team/snapshots/v3"


def test_a_config_at_the_root_of_a_bucket_is_read(bucket: object) -> None:
    bucket.put_object(Bucket="configs", Key="pricing.yaml", Body=TEXT.encode())  # type: ignore[attr-defined]
    assert load_config("s3://configs/pricing.yaml").config.name == "pricing"


def test_problems_name_the_address(bucket: object) -> None:
    bucket.put_object(Bucket="configs", Key="pricing.yaml", Body=TEXT.encode() + b"sede: 1\n")  # type: ignore[attr-defined]
    with pytest.raises(InvalidConfig) as refused:
        load_config("s3://configs/pricing.yaml")
    assert refused.value.problems[0].where == "s3://configs/pricing.yaml:5:1"


def test_a_missing_config_and_a_missing_bucket_are_told_apart(bucket: object) -> None:
    with pytest.raises(ConfigNotFound):
        load_config("s3://configs/missing.yaml")
    with pytest.raises(BucketMissing):
        load_config("s3://no-such-bucket/missing.yaml")


def test_a_large_object_is_refused_by_its_size(bucket: object) -> None:
    bucket.put_object(Bucket="configs", Key="huge.yaml", Body=b"x" * 70_000)  # type: ignore[attr-defined]
    with pytest.raises(ConfigUnreadable, match="70000 bytes"):
        load_config("s3://configs/huge.yaml")
