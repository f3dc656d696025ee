"""Asking Prometheus."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from tests.cluster.bed.problem import BedError


@dataclass(frozen=True)
class Sample:
    """One series of an answer: its labels and its latest value."""

    labels: dict[str, str]
    value: float


class Prometheus:
    """A Prometheus server, reached from inside the network namespace."""

    def __init__(self, address: str) -> None:
        """Remember the address."""
        self.address = address

    def query(self, expression: str) -> list[Sample]:
        """Return the samples of an instant query; raise BedError when there is no answer."""
        asked = f"{self.address}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                document = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise BedError(f"Prometheus: {expression}: {error}") from error
        return [Sample(row["metric"], float(row["value"][1])) for row in document["data"]["result"]]
