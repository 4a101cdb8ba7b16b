"""Runtimes that run a model file: a file for each."""
