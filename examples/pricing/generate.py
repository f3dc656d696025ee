"""Publishes the snapshot of the pricing example: `python generate.py FOLDER`."""

from ml8s.examples.generate import main

main("pricing")
