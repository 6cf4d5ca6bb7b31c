"""Captions to textual scene graphs (TSG)."""
