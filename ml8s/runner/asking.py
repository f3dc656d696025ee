"""``ml8s.run``: one run, asked for from Python."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ml8s.environment import missing_pins

if TYPE_CHECKING:
    from ml8s.runner.training import Trained


def run(
    source: str | os.PathLike[str],
    *,
    store: str | None = None,
    overrides: Sequence[str] = (),
    until: str | None = None,
) -> Trained:
    """Trains on this machine: in this process where it runs under the environment pin, else in a child that does.

    Args:
        source: the config's path or s3:// address.
        store: the store's address; by default ML8S_STORE, else ``./.ml8s``.
        overrides: values instead of those in the file, each ``automl.max_trials=20``.
        until: the last step wanted, None for all.

    Raises:
        GateFailed: the evaluation said no. Nothing is registered; ``where`` is the report.
        Interrupted, Terminated: Ctrl-C, SIGTERM. Finished steps stay cached: call it again to go on.
        ML8sError: whatever the config, a step or the store raised.
    """
    address = store or os.environ.get("ML8S_STORE") or "./.ml8s"
    if missing_pins():
        from ml8s.runner.pinned import Wish, train_in_child

        return train_in_child(Wish(os.fspath(source), address, tuple(overrides), until))
    from ml8s.config.loader import load_config
    from ml8s.runner.training import Request, train

    return train(Request(load_config(os.fspath(source), overrides), address, until=until))
