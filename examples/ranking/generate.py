"""Publishes the snapshot of the ranking example: `python generate.py FOLDER`."""

from ml8s.examples.generate import main

main("ranking")
