"""The ``spatial-dual`` command. (A package named ``cli`` would be Kedro's to extend ``kedro``.)"""

from spatial_dual.commands.main import main

__all__ = ["main"]
