"""What answers of object stores mean: codes and errors of a provider's client -> the tree of ``ml8s.errors``.

All providers tell the same few cases, each in its own codes. What is said of a case, and its cure, stand here; a
provider's ``Dialect`` says which of its codes and classes mean which case, and the words that belong into the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ml8s.errors import (
    AccessDenied,
    BucketMissing,
    InvalidStoreUri,
    ML8sError,
    NoCredentials,
    ObjectMissing,
    StoreError,
    StoreFull,
    StoreRefused,
    StoreUnreachable,
    WrongRegion,
)
from ml8s.storage.files import FULL

_AGAIN: Final = "check the network, {server} and the store itself, and run again"


class Case(Enum):
    """What an answer means, whoever gives it: the error, its message and its cure, with places for words."""

    MISSING = (ObjectMissing, "{where} does not exist", "check the store's address; a run makes its objects again")
    FOLDER = (ObjectMissing, "{where} is a folder", "name an object")
    NO_BUCKET = (BucketMissing, "the {bucket} of {where} does not exist", "make the {bucket}, or mend {address}")
    ADDRESS = (InvalidStoreUri, "the store does not take the address {where}", "use another {bucket} or prefix")
    ENDPOINT = (InvalidStoreUri, "the endpoint for {where} is none: {detail}", "mend {server}")
    DENIED = (AccessDenied, "the store refuses access to {where} ({detail})", "ask for {permission}")
    UNACCEPTED = (
        AccessDenied,
        "the store does not accept the credentials for {where} ({detail})",
        "renew {credentials}",
    )
    CLOCK = (
        AccessDenied,
        "the store refuses {where}: this machine's clock differs too much from its own",
        "set this machine's clock (NTP) and run again",
    )
    NO_CREDENTIALS = (NoCredentials, "no credentials were found for {where}", "set {login}")
    UNUSABLE = (
        NoCredentials,
        # What is wrong with them is not repeated: they are secret.
        "the credentials for {where} cannot be used: they are empty or not well-formed",
        "copy AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_KEY anew, whole, or unset it",
    )
    REGION = (
        WrongRegion,
        "the bucket of {where} is in another region than the one asked ({detail})",
        "set AWS_REGION to the bucket's region, or mend {server}",
    )
    FULL = (
        StoreFull,
        "the store has no space or quota left for {where} ({detail})",
        "make room or raise the quota, and run again",
    )
    UNABLE = (
        StoreRefused,
        "the store cannot do what was asked of {where} (not implemented)",
        "use a store that keeps `If-None-Match: *`: AWS S3, MinIO, Ceph, a folder",
    )
    TAKEN = (StoreUnreachable, "the store says that {where} is there already, or was replaced ({detail})", _AGAIN)
    GARBLED = (StoreUnreachable, "the store's answer about {where} cannot be read: {detail}", _AGAIN)
    CONFLICT = (StoreUnreachable, "the store says that {where} has another writer at this moment ({detail})", _AGAIN)
    UNREACHABLE = (StoreUnreachable, "the store does not serve {where}: {detail}", _AGAIN)


class Met(Exception):
    """A case that only the provider's own file can tell, not the client's error alone."""

    def __init__(self, case: Case, detail: str = "") -> None:
        super().__init__(case, detail)
        self.case, self.detail = case, detail


class Garbled(Met):
    """An answer that came, and is none: a header or field lacks, or holds what it cannot."""

    def __init__(self, detail: str) -> None:
        super().__init__(Case.GARBLED, detail.splitlines()[0][:300])


@dataclass(frozen=True)
class Dialect:
    """How a provider and its client say what went wrong.

    Attributes:
        words: what the cases' texts name: bucket, address, server, permission, credentials, login.
        answered: code and HTTP status of the answer that an error carries; None for an error that carries none.
        codes: what the provider's codes mean, and the status of an answer without one. The rest is unreachable.
        classes: what errors without an answer mean, by the names of their classes, the first found in this order.
        passing: codes, statuses and, without an answer, classes that may be gone a moment later, and that the client
            does not try again by itself.
    """

    words: Mapping[str, str]
    answered: Callable[[BaseException], tuple[str, str] | None]
    codes: Mapping[str, Case]
    classes: Mapping[str, Case]
    passing: frozenset[str]

    def case_of(self, error: BaseException) -> Case | None:
        """What the answer that an error or one of its causes carries means; None without an answer."""
        code, _ = self._answer(error)
        return self.codes.get(code, Case.UNREACHABLE) if code else None

    def passes(self, error: BaseException) -> bool:
        """Whether the same request may be answered a moment later."""
        answer = self._answer(error)
        return not self.passing.isdisjoint(answer if answer[0] else _classes(*_causes(error)))

    def store_error(self, error: BaseException, where: str) -> ML8sError | None:
        """Our error for one that the client or the network raised; None where it is none of theirs."""
        if isinstance(error, ML8sError):
            return error
        understood = self._understood(error)
        return self._worded(where, *understood) if understood else None

    def _understood(self, error: BaseException) -> tuple[Case, str] | None:
        if isinstance(error, Met):
            return error.case, error.detail
        code, _ = self._answer(error)
        if code in self.codes:
            return self.codes[code], code
        if code:
            return Case.UNREACHABLE, f"it answers {code}, {_sentence(error)}"
        if isinstance(error, OSError) and error.errno in FULL:
            return None  # this machine's disk: whoever writes the file tells of it
        found = (
            (case, _sentence(cause))
            for name, case in self.classes.items()
            for cause in _causes(error)
            if name in _classes(cause)
        )
        return next(found, None)

    def _answer(self, error: BaseException) -> tuple[str, str]:
        return next(filter(None, map(self.answered, _causes(error))), ("", ""))

    def _worded(self, where: str, case: Case, detail: str) -> StoreError:
        kind: type[StoreError]
        kind, message, cure = case.value
        words = {**self.words, "where": where, "detail": detail}
        return kind(message.format(**words), where=where, cure=cure.format(**words))


def told(cases: Mapping[Case, str]) -> dict[str, Case]:
    """The table of codes -> cases from one line of codes for each case."""
    return {code: case for case, codes in cases.items() for code in codes.split()}


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _classes(*errors: BaseException) -> set[str]:
    return {kind.__name__ for error in errors for kind in type(error).__mro__}


def _sentence(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
