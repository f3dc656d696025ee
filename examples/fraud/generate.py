"""Publishes the snapshot of the fraud example: `python generate.py FOLDER`."""

from ml8s.examples.generate import main

main("fraud")
