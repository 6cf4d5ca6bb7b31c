"""Where networks run, and at which precision."""

from contextlib import AbstractContextManager, nullcontext

import torch


def choose_device(name: str) -> torch.device:
    """Resolve "auto" to CUDA where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def cuda_devices() -> list[str]:
    """Names that ``choose_device`` takes of this machine's GPUs; empty without one."""
    count = torch.cuda.device_count()
    return ["cuda", *(f"cuda:{n}" for n in range(count))] if count else []


def has_native_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products run in hardware (CUDA since Ampere; AVX512-BF16 or AMX CPUs)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16") or flags.get("amx_tile"))


def full_precision(device: torch.device) -> AbstractContextManager[None]:
    """Leaves autocast for a block; nothing to leave where a device type has none."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


def mixed_precision(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16 where it is native; without effect elsewhere."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=has_native_bfloat16(device))
