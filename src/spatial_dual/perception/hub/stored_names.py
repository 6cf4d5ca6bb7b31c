"""Names of published checkpoints in a model's folder: copies inside it, or pinned hub names.

A checkpoint from a local folder or file is copied into the model's folder, whose manifest then
covers it, and named ``./depth``. One of the hub is named ``owner/name@commit``, so that it stays
the one that was used.
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from spatial_dual.datasets.reading import is_within
from spatial_dual.perception.hub.config import HubConfig

_INNER = "./"
_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?(@[\w.-]+)?", re.ASCII)
_NOT_COPIED = shutil.ignore_patterns("*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.py", ".*")
"""What no checkpoint is loaded from: only safetensors, and no code."""


def with_copies(config: HubConfig, folder: Path) -> HubConfig:
    """The configuration as it is stored; copies local checkpoints into the folder."""
    depth = _stored(config.depth, "depth", folder)
    return replace(config, depth=depth, instances=_stored(config.instances, "instances", folder))


def resolved(config: HubConfig, folder: Path) -> tuple[HubConfig, list[str]]:
    """Inverse of ``with_copies``, and the hub names in it, which nobody has vouched for.

    Raises:
        ValueError: a path that is not in the folder.
    """
    depth = _inner(config.depth, "depth", folder)
    instances = _inner(config.instances, "instances", folder)
    hub = [name for name in (config.depth, config.instances) if not name.startswith(_INNER)]
    return replace(config, depth=depth, instances=instances), hub


def _inner(name: str, part: str, folder: Path) -> str:
    """The path of what lies in the folder; a hub name as it is."""
    if name.startswith(_INNER):
        path = folder / name
        if not is_within(path, folder) or not path.exists():
            raise ValueError(f"{folder}: perception.hub.{part} names {name}, not in it")
        return str(path)
    if not _HUB_NAME.fullmatch(name) or Path(name).exists():
        raise ValueError(
            f"{folder}: perception.hub.{part} names the path {name}, outside of the model's "
            "folder; make the model again, which copies the checkpoint into it"
        )
    return name


def _stored(name: str, part: str, folder: Path) -> str:
    source = Path(name)
    if source.is_dir():
        shutil.copytree(source, folder / part, ignore=_NOT_COPIED)
        return f"./{part}"
    if source.is_file():
        shutil.copyfile(source, folder / f"{part}{source.suffix}")
        return f"./{part}{source.suffix}"
    return name if "@" in name else _pinned(name)


def _pinned(name: str) -> str:
    """With the commit that was downloaded, if one was."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(name, "config.json")
    except HFValidationError:  # the path of what is not there
        return name
    return f"{name}@{Path(cached).parent.name}" if isinstance(cached, str) else name
