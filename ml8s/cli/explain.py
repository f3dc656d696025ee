"""``ml8s explain``."""

from __future__ import annotations

import click

from ml8s.cli import ui


@click.command("explain")
@click.argument("topic", required=False)
def command(topic: str | None) -> None:
    """Explain a field of the config, a step, a metric or an error code.

    TOPIC is for example automl.time_budget, evaluate, roc_auc or ML8S-C003; without one, an overview.
    """
    from ml8s.config.explain import explain

    ui.data(explain(topic))
