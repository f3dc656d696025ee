"""What only an Azure store meets: its credentials and accounts, and folders among the blobs."""

from __future__ import annotations

import pytest

from ml8s.errors import AccessDenied, BucketMissing, InvalidStoreUri, NoCredentials, ObjectMissing
from ml8s.storage import azure, open_store
from ml8s.storage.store import Store
from tests.azurite_server import ACCOUNT, KEY, azure_client, azure_environment
from tests.storage.faulty_proxy import Answer, FaultyProxy
from tests.storage.providers import AZURE, Provider


@pytest.fixture
def provider() -> Provider:
    return AZURE


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(404, "ContainerNotFound", BucketMissing), (403, "AuthorizationFailure", AccessDenied)]
)
def test_an_answer_without_a_body_means_one_error_too(
    proxy: FaultyProxy, faulty: Store, status: int, code: str, kind: type[Exception]
) -> None:
    proxy.arm("HEAD", Answer(status, code))
    with pytest.raises(kind):
        faulty.stat("key")


def test_a_key_that_is_not_the_accounts_is_refused_and_not_shown(
    uri: str, azure_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = KEY[::-1].strip("=") + "=="
    for name, value in azure_environment(azure_endpoint, wrong).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AccessDenied) as error:
        open_store(uri).get("key")
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


def test_a_workload_identity_without_its_token_is_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in azure_environment(""):
        monkeypatch.delenv(name, raising=False)
    nobody = "11111111-1111-1111-1111-111111111111"
    monkeypatch.setenv("AZURE_TENANT_ID", nobody)
    monkeypatch.setenv("AZURE_CLIENT_ID", nobody)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", "/nowhere/token")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://127.0.0.1:9/")
    with pytest.raises(NoCredentials, match="no credentials were found"):
        open_store("abfs://container@account.dfs.core.windows.net/prefix").get("key")


def test_credentials_of_another_account_than_the_address_names_are_refused(container: str) -> None:
    with pytest.raises(InvalidStoreUri, match=f"in the account elsewhere.*in {ACCOUNT}"):
        open_store(f"abfs://{container}@elsewhere.dfs.core.windows.net/prefix").get("key")
    store = open_store(f"abfs://{container}@{ACCOUNT}.dfs.core.windows.net/prefix")
    store.put("key", b"mine")
    assert open_store(f"abfs://{container}/prefix").get("key") == b"mine"


def test_the_endpoint_holds_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in azure_environment(""):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "sv=2024&sig=s3cr3t")
    endpoint = open_store("abfs://container@account.dfs.core.windows.net/prefix").endpoint
    assert endpoint == "https://account.blob.core.windows.net"


def test_a_folder_of_a_hierarchical_account_is_no_object(sound: Store, container: str, azure_endpoint: str) -> None:
    with azure_client(azure_endpoint) as client:
        client.get_container_client(container).upload_blob("prefix/a", b"", metadata={azure.FOLDER_MARK: "true"})
    sound.put("a/b", b"1")
    assert [item.key for item in sound.list()] == ["a/b"]
    assert sound.stat("a") is None
    with pytest.raises(ObjectMissing):
        sound.get("a")
