"""Publishes the snapshot of the churn example: `python generate.py FOLDER`."""

from ml8s.examples.generate import main

main("churn")
