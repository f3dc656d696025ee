"""Each purpose speaks to an S3 server with its own key: read from the signature of its requests."""

from __future__ import annotations

import pytest

from ml8s.storage import Purpose, open_store
from tests.storage.faulty_proxy import FaultyProxy, faulty_proxy


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_purpose_signs_with_its_own_key(
    purpose: Purpose, s3_endpoint: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-process")
    for each in Purpose:
        monkeypatch.setenv(f"{each.prefix}AWS_ACCESS_KEY_ID", f"key-of-{each}")
        monkeypatch.setenv(f"{each.prefix}AWS_SECRET_ACCESS_KEY", "secret")
    with faulty_proxy(s3_endpoint) as proxy:
        monkeypatch.setenv(f"{purpose.prefix}AWS_ENDPOINT_URL", proxy.url)
        open_store(f"s3://{bucket}/x", purpose).put("a", b"1")
        assert _signers(proxy) == {f"key-of-{purpose}"}
        assert not any("x-amz-security-token" in headers for headers in proxy.headers)


def _signers(proxy: FaultyProxy) -> set[str]:
    return {
        headers["authorization"].partition("Credential=")[2].partition("/")[0]
        for headers in proxy.headers
        if "authorization" in headers
    }
