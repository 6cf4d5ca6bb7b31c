"""The ``spatial-dual`` command."""

from spatial_dual.cli.main import main

__all__ = ["main"]
