"""Losses of the paper's four training steps, one module each."""
