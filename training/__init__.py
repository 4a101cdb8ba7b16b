"""Trains a PoseNet on rendered people; training/README.md has the steps."""
STRIDE = 16  # pixels of the network's input from one cell of its maps to the next
