"""Publishes the snapshot of the demand example: `python generate.py FOLDER`."""

from ml8s.examples.generate import main

main("demand")
