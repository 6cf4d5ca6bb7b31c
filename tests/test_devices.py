import pytest
import torch

from spatial_dual import devices
from spatial_dual.devices import (
    choose_device,
    cuda_devices,
    has_native_bfloat16,
    mixed_precision,
)

CPU = torch.device("cpu")


@pytest.mark.parametrize(("present", "chosen"), [(True, "cuda"), (False, "cpu")])
def test_auto_is_cuda_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, present: bool, chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: present)
    assert choose_device("auto") == torch.device(chosen)
    assert choose_device("cpu") == CPU
    assert choose_device("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize(("count", "names"), [(0, []), (2, ["cuda", "cuda:0", "cuda:1"])])
def test_gpus_have_names(monkeypatch: pytest.MonkeyPatch, count: int, names: list[str]) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert cuda_devices() == names


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16", "amx_tile"])
def test_bfloat16_is_native_where_the_cpu_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    flags = {"avx512_f": True, flag: True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    assert has_native_bfloat16(CPU)
    flags[flag] = False
    assert not has_native_bfloat16(CPU)


def test_emulated_bfloat16_is_not_native_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation
    )
    assert not has_native_bfloat16(torch.device("cuda"))


@pytest.mark.parametrize(("native", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_products_take_the_precision_that_the_device_has(
    monkeypatch: pytest.MonkeyPatch, native: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(devices, "has_native_bfloat16", lambda device: native)
    matrix = torch.eye(2)
    with mixed_precision(CPU):
        assert (matrix @ matrix).dtype == dtype
    assert (matrix @ matrix).dtype == torch.float32
