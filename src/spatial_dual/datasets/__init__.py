"""Kedro datasets of our own, and the record format beneath them."""
