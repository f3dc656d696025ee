"""``ml8s run``."""

from __future__ import annotations

import click

from ml8s.cli import options, running


@click.command("run")
@options.config_argument
@options.local_option
@options.detach_option
@click.option("--until", metavar="STEP", help="Stop after this step, for example featurize or search[lgbm].")
@options.set_option
@click.option("--verify", is_flag=True, help="Hash every cached blob first; what is damaged is made again.")
@click.option("--replay", metavar="RUN|MODEL", help="Search exactly as many trials as that run or model did.")
@options.store_option
@options.dry_run_option
@options.output_option
def command(**asked: object) -> None:
    """Train a model: from a config to a registered candidate with its report.

    CONFIG is a path, s3:// or abfs:// address. Steps that the store already has are not run again, so a run that was
    stopped goes on where it was. Where a platform is named (platform.yaml, or ML8S_PLATFORM) the steps run on its
    cluster, in the platform's store; Ctrl-C then stops following, not the run.
    """
    running.run(running.Asked(**asked))  # type: ignore[arg-type]
