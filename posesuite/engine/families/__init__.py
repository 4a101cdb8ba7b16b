"""Families of networks: a file for each."""
