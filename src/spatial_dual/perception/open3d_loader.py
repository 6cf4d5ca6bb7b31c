"""Import of Open3D, which needs libusb, on machines that have none."""

import ctypes
import importlib
from functools import cache
from types import ModuleType


@cache
def open3d() -> ModuleType:
    """The ``open3d`` module, imported on first use.

    Its binary links against libusb, which many machines lack: the copy in the ``libusb-package``
    wheel is loaded globally beforehand. On clouds of a few thousand points Open3D stays on one
    core whatever OMP_NUM_THREADS says, so the environment is left alone.

    Raises:
        ImportError: Open3D or the libusb wheel is missing or broken; says what to install.
    """
    try:
        libusb = importlib.import_module("libusb_package").get_library_path()
        ctypes.CDLL(str(libusb), mode=ctypes.RTLD_GLOBAL)
        module = importlib.import_module("open3d")
    except (ImportError, OSError) as error:
        raise ImportError(
            f"cannot load Open3D ({error}); install it with: pip install open3d libusb-package"
        ) from error
    module.utility.set_verbosity_level(module.utility.VerbosityLevel.Error)
    return module
