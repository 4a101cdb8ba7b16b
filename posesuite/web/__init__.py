"""The suite as a page: what its folder holds, and a server for it."""
