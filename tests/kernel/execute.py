"""Runs a notebook in the Deno kernel and writes it with its outputs: SOURCE FOLDER TARGET."""

import sys

import nbformat
from nbclient import NotebookClient

source, folder, target = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
resources = {"metadata": {"path": folder}}
NotebookClient(
    notebook, kernel_name="deno", timeout=120, record_timing=False, resources=resources
).execute()
nbformat.write(notebook, target)
