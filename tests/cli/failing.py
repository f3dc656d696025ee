"""A verb with a bug, for the tests of what a bug looks like."""

from __future__ import annotations

import os

import click


@click.command("break")
def command() -> None:
    """Fail with a secret in the message."""
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    raise RuntimeError(f"cannot sign with {secret} at s3://user:{secret}@bucket\nsecond line")
