"""The steps of the pipelines: each a function of files to files."""
