"""Families of networks: what their outputs mean, a file each.

A file in this folder that defines a subclass of posesuite.engine.family.Family, named Family as
well, is all that a new family needs.
"""
