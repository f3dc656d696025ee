"""``ml8s explain``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui
from ml8s.errors import InvalidUsage


@click.command("explain")
@click.argument("topic", required=False)
@click.argument("name", required=False)
@click.option("--model", "model_id", metavar="MODEL", help="The model, for `explain feature NAME`.")
@options.models_store_option
def command(topic: str | None, name: str | None, model_id: str | None, store: str) -> None:
    """Explain a field of the config, a step, a metric or an error code, or a feature of a model.

    TOPIC is for example automl.time_budget, evaluate, roc_auc or ML8S-C003; without one, an overview.
    `ml8s explain feature NAME --model MODEL` says how a feature comes about, with a worked row.
    """
    if topic == "feature":
        if name is None or model_id is None:
            raise InvalidUsage(
                "a feature is explained of a model",
                where="ml8s explain feature",
                cure="write `ml8s explain feature NAME --model MODEL`",
            )
        from ml8s.cli.features_explain import tell

        tell(model_id, name, store, "table")
        return
    if name is not None or model_id is not None:
        raise InvalidUsage(
            f"`ml8s explain {topic or ''}` takes no {'NAME' if name is not None else '--model'}",
            where="ml8s explain",
            cure="a name and --model belong to `ml8s explain feature NAME --model MODEL`",
        )
    from ml8s.config.explain import explain, wrapped

    ui.data(wrapped(explain(topic)))
