"""Runtimes: what loads and runs a model file, a file each.

A file in this folder with these two functions is all that a new runtime needs:

    matches(path: str, model: bytes) -> bool     whether it runs such a file
    load(choice: Choice, num_threads: int, op_libraries) -> posesuite.engine.network.Network

where op_libraries are the paths and options of libraries with custom ops. load raises EngineError,
or OSError, RuntimeError or ValueError with the runtime's own words.
"""
