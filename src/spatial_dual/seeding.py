"""Every random draw of the project hangs on one integer derived from (seed, stage, step)."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def derive_seed(seed: int, *path: str | int) -> int:
    """A 63-bit seed for one purpose: ``blake2b(seed / path[0] / path[1] / …)``.

    Different paths give independent streams; the same path gives the same stream on any machine.
    """
    text = "/".join(str(part) for part in (seed, *path))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def torch_generator(seed: int, *path: str | int) -> "torch.Generator":
    """A CPU generator seeded by ``derive_seed``; draws do not depend on the device."""
    import torch

    return torch.Generator().manual_seed(derive_seed(seed, *path))


@contextmanager
def seeded_torch(seed: int, *path: str | int) -> Iterator[None]:
    """Run a block under torch's global generator seeded by ``derive_seed``; restore it after.

    For code that cannot be handed a generator, such as ``nn.Module`` initialisers.
    """
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(derive_seed(seed, *path))
        yield
