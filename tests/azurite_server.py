"""Azurite, Microsoft's emulator of Azure Blob Storage, on loopback for tests; `make azurite` installs it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PROGRAM = Path(sys.prefix) / "azurite/node_modules/azurite/dist/src/blob/main.js"
NODE = shutil.which("node")
PRESENT = NODE is not None and PROGRAM.exists()
START_SECONDS = 60

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account and key that every Azurite has; they are in its public documentation."""

VARIABLES = (
    "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CLIENT_ID",
)  # fmt: skip


@contextmanager
def azurite() -> Iterator[str]:
    """The server's URL, as long as the block lasts."""
    assert NODE is not None
    options = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck"]
    with TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        with said.open("wb") as sink:
            server = subprocess.Popen(
                [NODE, str(PROGRAM), *options, "--disableTelemetry", "--silent"],
                cwd=folder, stdout=sink, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield _listening(server, said)
        finally:
            server.terminate()
            server.wait(30)


def _listening(server: subprocess.Popen[bytes], said: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"successfully listens on (http://\S+)", said.read_text())
        if found:
            return found[1]
        assert server.poll() is None, said.read_text()
        time.sleep(0.05)
    raise AssertionError(f"Azurite does not listen: {said.read_text()}")


def azure_environment(endpoint: str, key: str = KEY) -> dict[str, str]:
    """The variables with which a process reaches the server, or a proxy before it; empty ones count as unset."""
    parts = {
        "DefaultEndpointsProtocol": "http",
        "AccountName": ACCOUNT,
        "AccountKey": key,
        "BlobEndpoint": f"{endpoint}/{ACCOUNT}",
    }
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    return {"AZURE_STORAGE_CONNECTION_STRING": text, **dict.fromkeys(VARIABLES, "")}


def azure_client(endpoint: str) -> Any:
    """A client of Azure's own, to look at the server from outside of ML8s."""
    from azure.storage.blob import BlobServiceClient

    return BlobServiceClient.from_connection_string(azure_environment(endpoint)["AZURE_STORAGE_CONNECTION_STRING"])


def make_container(endpoint: str, name: str) -> None:
    with azure_client(endpoint) as client:
        client.create_container(name)
