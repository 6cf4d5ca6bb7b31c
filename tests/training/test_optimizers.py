"""AdamW and Muon side by side: who trains what, by which formula, and resume to the same bytes."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from spatial_dual.seeding import seeded_torch
from spatial_dual.training.config import FitConfig
from spatial_dual.training.optimizers import Optimizers, clipped_parts

RATE = 0.1


class Small(nn.Module):
    """A convolution, a linear layer, and an embedding tied to the output layer."""

    def __init__(self) -> None:
        super().__init__()
        with seeded_torch(0, "small"):
            self.conv = nn.Conv2d(2, 4, 3)
            self.linear = nn.Linear(4, 6)
            self.words = nn.Embedding(5, 6)
            self.out = nn.Linear(6, 5, bias=False)
        self.out.weight = self.words.weight

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        h = self.linear(self.conv(x).mean(dim=(2, 3))) + self.words(ids)
        out: Tensor = self.out(h)
        return out


def make_config(matrix_learning_rate: float | None = RATE) -> FitConfig:
    return FitConfig(
        steps=10,
        batch_size=1,
        learning_rate=0.01,
        matrix_learning_rate=matrix_learning_rate,
        warmup_steps=0,
        weight_decay=0.0,
        final_lr_ratio=1.0,
        device="cpu",
    )


def descend(model: Small, optimizers: Optimizers, steps: range) -> None:
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(3, 2, 5, 5, generator=generator)
        ids = torch.randint(0, 5, (3,), generator=generator)
        optimizers.schedule(step)
        optimizers.zero_grad()
        nn.functional.cross_entropy(model(x, ids), ids).backward()
        optimizers.step()


@pytest.mark.parametrize("name", ["conv", "linear"])
def test_first_muon_step_is_an_orthogonal_matrix(name: str) -> None:
    """W ← W − η max(1, rows / columns)^½ U Vᵀ of the gradient U S Vᵀ, kernels as rows."""
    model = Small()
    optimizers = Optimizers(model, make_config())
    weight = getattr(model, name).weight
    before = weight.detach().clone()
    weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    optimizers.schedule(0)
    optimizers.step()
    change = (before - weight.detach()).view(len(weight), -1)
    scale = RATE * max(1, change.shape[0] / change.shape[1]) ** 0.5
    u, _, v = torch.linalg.svd(weight.grad.view(len(weight), -1), full_matrices=False)
    along = torch.diagonal(u.T @ change @ v.T) / scale
    # five Newton-Schulz steps bring the singular values near 1 and keep the directions
    assert along == pytest.approx(torch.ones(len(along)), abs=0.4)
    assert torch.allclose(u @ torch.diag(along * scale) @ v, change, atol=0.05 * scale)


def test_embeddings_biases_and_what_is_tied_to_them_are_left_to_adamw() -> None:
    """Adam's first step changes every entry with a gradient by the learning rate."""
    model = Small()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    descend(model, Optimizers(model, make_config()), range(1))
    for name, parameter in model.named_parameters():
        change = (parameter.detach() - before[name]).abs()
        by_adam = torch.allclose(change, torch.full_like(change, 0.01), atol=1e-4)
        assert by_adam == (name not in ("conv.weight", "linear.weight")), name


def test_muon_keeps_to_the_parts_that_are_named() -> None:
    model = Small()
    before = model.linear.weight.detach().clone()
    config = replace(make_config(), matrix_modules=("conv",))
    descend(model, Optimizers(model, config), range(1))
    change = (model.linear.weight.detach() - before).abs()
    assert torch.allclose(change, torch.full_like(change, 0.01), atol=1e-4)


def test_without_a_rate_adamw_trains_everything() -> None:
    model, plain = Small(), Small()
    descend(model, Optimizers(model, make_config(None)), range(3))
    reference = torch.optim.AdamW(plain.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=0.0)
    for step in range(3):
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(3, 2, 5, 5, generator=generator)
        ids = torch.randint(0, 5, (3,), generator=generator)
        reference.zero_grad()
        nn.functional.cross_entropy(plain(x, ids), ids).backward()
        reference.step()
    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_state_goes_on_to_the_same_bytes() -> None:
    whole, first, second = Small(), Small(), Small()
    descend(whole, Optimizers(whole, make_config()), range(6))
    optimizers = Optimizers(first, make_config())
    descend(first, optimizers, range(3))
    second.load_state_dict(first.state_dict())
    resumed = Optimizers(second, make_config())
    resumed.load_state(optimizers.state())
    descend(second, resumed, range(3, 6))
    for a, b in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_state_is_put_where_its_parameter_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step count too: the fused AdamW reads it there, on a GPU as on the CPU."""
    model = Small()
    optimizers = Optimizers(model, make_config())
    descend(model, optimizers, range(1))
    name, state, parameter = next(iter(optimizers._states()))
    elsewhere = torch.empty_like(parameter, device="meta")
    found: dict[str, Tensor] = {}
    monkeypatch.setattr(optimizers, "_states", lambda: [(name, found, elsewhere)])
    optimizers.load_state({f"optimizer.{name}.{key}": value for key, value in state.items()})
    assert {key: value.device.type for key, value in found.items()} == dict.fromkeys(state, "meta")


class Inner(Small):
    def hidden_weights(self) -> list[nn.Parameter]:
        return [self.linear.weight]


def test_a_model_may_name_its_hidden_weights() -> None:
    """Then the convolution, too, changes by Adam's step."""
    model = Inner()
    before = model.conv.weight.detach().clone()
    descend(model, Optimizers(model, make_config()), range(1))
    change = (model.conv.weight.detach() - before).abs()
    assert torch.allclose(change, torch.full_like(change, 0.01), atol=1e-4)


def changes_of_first_step(config: FitConfig) -> dict[str, float]:
    """Largest change of a weight by the first step, in each parameter."""
    model = Small()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    descend(model, Optimizers(model, config), range(1))
    return {n: float((p.detach() - before[n]).abs().max()) for n, p in model.named_parameters()}


@pytest.mark.parametrize("muon", [None, RATE])
def test_a_part_learns_at_its_own_rate(muon: float | None) -> None:
    config = make_config(muon)
    plain = changes_of_first_step(config)
    slowed = changes_of_first_step(replace(config, module_rates={"linear": 0.1}))
    for name, change in slowed.items():
        factor = 0.1 if name.startswith("linear") else 1.0
        assert change == pytest.approx(factor * plain[name], rel=1e-3), name


def test_rates_of_parts_go_on_to_the_same_bytes() -> None:
    config = replace(make_config(), module_rates={"linear": 0.1, "conv": 3.0})
    whole, first, second = Small(), Small(), Small()
    descend(whole, Optimizers(whole, config), range(6))
    optimizers = Optimizers(first, config)
    descend(first, optimizers, range(3))
    second.load_state_dict(first.state_dict())
    resumed = Optimizers(second, config)
    resumed.load_state(optimizers.state())
    descend(second, resumed, range(3, 6))
    for a, b in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_each_part_s_gradients_are_clipped_on_their_own() -> None:
    model = Small()
    config = replace(make_config(), gradient_clip=2.0, module_clips={"conv": 0.5})
    parts = clipped_parts(dict(model.named_parameters()), config)
    assert sorted((limit, len(parameters)) for limit, parameters in parts) == [(0.5, 2), (2.0, 3)]
    assert {p for _, parameters in parts for p in parameters} == set(model.parameters())
    together = clipped_parts(dict(model.named_parameters()), make_config())
    assert [limit for limit, _ in together] == [1.0]


@pytest.mark.parametrize("field", ["module_rates", "module_clips"])
def test_a_part_that_there_is_not_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field}: 'lienar': there is no such part; allowed"):
        Optimizers(Small(), replace(make_config(), **{field: {"lienar": 0.1}}))
    with pytest.raises(ValueError, match=rf"{field}\.conv must be positive, got -1"):
        replace(make_config(), **{field: {"conv": -1.0}})
