"""The ``spatial-dual`` command.

A package named ``cli`` would be taken by Kedro for commands of its own.
"""

from spatial_dual.commands.main import main

__all__ = ["main"]
