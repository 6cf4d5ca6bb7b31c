import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from spatial_dual.diffusion import Clamp, KernelConfig, build_kernel, sample
from spatial_dual.diffusion.reveal import HaltonOrder, PurityOrder, choose_revealed, halton_ranks
from spatial_dual.diffusion.sampler import Ramp, strided_times

NAMES = ("uniform", "absorbing", "mask_and_replace")
ORDERS = (None, PurityOrder(), HaltonOrder(16))
TARGET = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4]])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def point_mass(tokens: torch.Tensor, classes: int):
    logits = 1e4 * torch.nn.functional.one_hot(tokens, classes).float()
    return lambda z_t, t: logits


def exact_denoiser(kernel, target):
    """p(x_0 | x_t) by Bayes when tokens are independent with law ``target`` (tokens, K)."""

    def denoise(z_t, t):
        columns = []
        for value in range(kernel.classes):
            q = kernel.forward_probabilities(torch.full_like(z_t, value), t)
            columns.append(q.gather(-1, z_t.unsqueeze(-1)))
        return (torch.cat(columns, -1) * target).log().clamp_min(-1e9)

    return denoise


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 3, 7, 20])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("spacing", ["even", "cosine"])
def test_point_mass_is_recovered_for_any_step_count(name, steps, order, spacing):
    if name == "uniform" and order is not None:
        return
    kernel = build_kernel(KernelConfig(name, 9, 20))
    tokens = torch.randint(9, (5, 16), generator=seeded(1))
    drawn = sample(
        kernel,
        point_mass(tokens, 9),
        (5, 16),
        steps,
        seeded(),
        order=order,
        spacing=spacing,
        purity_weight=order and 1.0,
    )
    assert torch.equal(drawn.tokens, tokens)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("steps", [1, 4, 10])
def test_samples_follow_a_factorised_target(name, schedule, steps):
    kernel = build_kernel(KernelConfig(name, 4, 10, schedule))
    denoiser = exact_denoiser(kernel, TARGET)
    tokens = sample(kernel, denoiser, (8_000, 2), steps, seeded(2)).tokens.numpy()
    joint = np.bincount(4 * tokens[:, 0] + tokens[:, 1], minlength=16)
    expected = np.outer(*TARGET.double().numpy()).flatten()
    assert chisquare(joint, expected / expected.sum() * 8_000).pvalue > 1e-3


def test_guidance_one_equals_no_guidance_and_calls_nothing():
    kernel = build_kernel(KernelConfig("mask_and_replace", 4, 10))
    denoiser = exact_denoiser(kernel, TARGET)

    def forbidden(z_t, t):
        raise AssertionError("unconditional denoiser called")

    plain = sample(kernel, denoiser, (20, 2), 5, seeded())
    guided = sample(kernel, denoiser, (20, 2), 5, seeded(), guidance=1.0, unconditional=forbidden)
    assert torch.equal(plain.tokens, guided.tokens)


def test_guidance_samples_the_extrapolated_distribution():
    kernel = build_kernel(KernelConfig("absorbing", 3, 10))
    conditional, unconditional = torch.tensor([0.6, 0.3, 0.1]), torch.tensor([0.4, 0.4, 0.2])
    tokens = sample(
        kernel,
        lambda z, t: conditional.log().expand(*z.shape, 3),
        (500, 20),
        4,
        seeded(),
        guidance=2.0,
        unconditional=lambda z, t: unconditional.log().expand(*z.shape, 3),
    ).tokens
    expected = (conditional**2 / unconditional).double().numpy()
    counts = np.bincount(tokens.flatten().numpy(), minlength=3)
    assert chisquare(counts, expected / expected.sum() * 10_000).pvalue > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_clamped_tokens_never_change_and_are_what_the_denoiser_sees(name):
    kernel = build_kernel(KernelConfig(name, 6, 12))
    values = torch.randint(6, (4, 10), generator=seeded(3))
    mask = torch.rand(4, 10, generator=seeded(4)) < 0.5
    seen = []

    def denoiser(z_t, t):
        seen.append(z_t)
        return torch.randn(4, 10, 6, generator=seeded(5))

    result = sample(
        kernel,
        denoiser,
        (4, 10),
        6,
        seeded(),
        clamp=Clamp(values, mask),
        return_trajectory=True,
    )
    assert result.trajectory is not None
    for state in (*result.trajectory, *seen):
        assert torch.equal(state[mask], values[mask])
    assert result.tokens.max() < 6


def test_trajectory_leads_from_the_prior_to_the_tokens():
    kernel = build_kernel(KernelConfig("absorbing", 4, 10))
    result = sample(
        kernel, exact_denoiser(kernel, TARGET), (3, 2), 5, seeded(), return_trajectory=True
    )
    assert result.times == (10, 8, 6, 4, 2, 0)
    assert result.trajectory is not None
    assert result.trajectory.shape == (6, 3, 2)
    assert (result.trajectory[0] == kernel.mask_index).all()
    assert torch.equal(result.trajectory[-1], result.tokens)
    assert sample(kernel, exact_denoiser(kernel, TARGET), (3, 2), 5, seeded()).trajectory is None


@pytest.mark.parametrize("name", NAMES)
def test_same_generator_same_tokens(name):
    kernel = build_kernel(KernelConfig(name, 4, 10))
    denoiser = exact_denoiser(kernel, TARGET)
    first, second, other = (
        sample(kernel, denoiser, (50, 2), 5, seeded(seed)).tokens for seed in (0, 0, 1)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_low_temperature_is_greedy_and_high_is_uniform():
    kernel = build_kernel(KernelConfig("absorbing", 4, 10))
    logits = TARGET[0].log()

    def denoiser(z_t, t):
        return logits.expand(*z_t.shape, 4)

    cold = sample(kernel, denoiser, (50, 20), 5, seeded(), temperature=1e-3).tokens
    assert (cold == 0).all()
    hot = sample(kernel, denoiser, (250, 20), 5, seeded(), temperature=1e4).tokens
    assert chisquare(np.bincount(hot.flatten().numpy(), minlength=4)).pvalue > 1e-3


def test_top_p_never_draws_the_tail():
    kernel = build_kernel(KernelConfig("absorbing", 4, 10))
    logits = TARGET[0].log()
    tokens = sample(
        kernel, lambda z, t: logits.expand(*z.shape, 4), (250, 20), 5, seeded(), top_p=0.7
    ).tokens
    counts = np.bincount(tokens.flatten().numpy(), minlength=4)
    assert counts[2:].sum() == 0
    assert chisquare(counts[:2], np.array([5, 3]) / 8 * 5_000).pvalue > 1e-3


@pytest.mark.parametrize("order", ORDERS[1:])
def test_an_order_reveals_as_many_tokens_as_the_schedule_expects(order):
    kernel = build_kernel(KernelConfig("absorbing", 4, 8))
    result = sample(
        kernel,
        lambda z, t: torch.zeros(*z.shape, 4),
        (3, 16),
        4,
        seeded(),
        order=order,
        return_trajectory=True,
    )
    assert result.trajectory is not None
    masked = (result.trajectory == kernel.mask_index).sum(-1)
    assert masked.tolist() == [[count] * 3 for count in (16, 12, 8, 4, 0)]


@pytest.mark.parametrize("name", ["absorbing", "mask_and_replace"])
@pytest.mark.parametrize("steps", [4, 8])
@pytest.mark.parametrize("order", ORDERS[1:])
def test_an_order_reveals_the_prediction_and_never_noise(name, steps, order):
    kernel = build_kernel(KernelConfig(name, 50, 8))
    tokens = torch.randint(50, (40, 16), generator=seeded(1))
    result = sample(
        kernel,
        point_mass(tokens, 50),
        tokens.shape,
        steps,
        seeded(),
        order=order,
        return_trajectory=True,
    )
    assert result.trajectory is not None
    before, after = result.trajectory[:-1], result.trajectory[1:]
    revealed = (before == kernel.mask_index) & (after != kernel.mask_index)
    assert revealed[:-1].any()
    assert torch.equal(after[revealed], tokens.expand_as(after)[revealed])


@pytest.mark.parametrize("name", [*NAMES, "continuous"])
@pytest.mark.parametrize("order", [None, PurityOrder()])
def test_noise_of_a_sample_does_not_depend_on_its_batch(name, order):
    if name in ("uniform", "continuous") and order is not None:
        return
    kernel = build_kernel(KernelConfig(name, 4, 10))
    logits = TARGET.log()

    def draw(seeds):
        noise = [seeded(seed) for seed in seeds]
        shape = (len(noise), 2)
        settings = {"order": order}
        denoiser = lambda z, t: logits.expand(len(z), -1, -1)  # noqa: E731
        return sample(kernel, denoiser, shape, 5, noise, **settings).tokens

    together = draw(range(30))
    alone = torch.cat([draw([seed]) for seed in range(30)])
    assert torch.equal(together, alone)
    assert torch.equal(together.flip(0), draw(reversed(range(30))))
    assert len(together.unique(dim=0)) > 1


def test_noise_for_another_count_of_samples_is_refused():
    kernel = build_kernel(KernelConfig("absorbing", 4, 10))
    with pytest.raises(ValueError, match="noise of 3 samples cannot serve a batch of 2"):
        sample(kernel, exact_denoiser(kernel, TARGET), (2, 2), 5, [seeded()] * 3)


def test_purity_counts_free_tokens_only():
    kernel = build_kernel(KernelConfig("absorbing", 4, 8))
    tokens = torch.full((1, 16), 4)
    tokens[:, :8] = 0
    clamp = Clamp(tokens, torch.arange(16).unsqueeze(0) < 8)
    probabilities = torch.full((1, 16, 4), 0.25)
    scores = PurityOrder().scores(probabilities, seeded())
    revealed = choose_revealed(kernel, tokens, scores, 6, ~clamp.mask)
    assert revealed.sum() == 2
    assert not revealed[:, :8].any()


def test_purity_prefers_certain_tokens_in_proportion():
    kernel = build_kernel(KernelConfig("absorbing", 4, 8))
    probabilities = torch.tensor([[0.97, 0.01, 0.01, 0.01], [0.28, 0.24, 0.24, 0.24]])
    batch = 10_000
    tokens = torch.full((batch, 2), 4)
    scores = PurityOrder().scores(probabilities.expand(batch, -1, -1), seeded())
    revealed = choose_revealed(kernel, tokens, scores, 4)
    counts = revealed.sum(0).numpy()
    assert counts.sum() == batch
    assert chisquare(counts, np.array([0.97, 0.28]) / 1.25 * batch).pvalue > 1e-3


@pytest.mark.parametrize("spacing", ["even", "cosine"])
def test_strides_cover_the_chain_without_repeats(spacing):
    for steps in (1, 3, 7, 99, 100):
        times = strided_times(100, steps, spacing)
        assert (times[0], times[-1], len(times)) == (100, 0, steps + 1)
        assert (np.diff(times) < 0).all()


def test_cosine_times_begin_with_few_tokens():
    kept = np.diff(strided_times(100, 6, "cosine"))
    assert (np.diff(kept) < 0).all()
    wanted = 100 * np.cos(np.pi / 2 * np.arange(7) / 6)
    assert np.abs(np.array(strided_times(100, 6, "cosine")) - wanted).max() <= 0.5


def test_halton_visits_every_cell_once_and_each_part_of_the_grid_early():
    for side in (1, 2, 5, 8, 16):
        ranks = halton_ranks(side)
        assert sorted(ranks.tolist()) == list(range(side * side))
    first = halton_ranks(8).view(2, 4, 2, 4).transpose(1, 2).flatten(0, 1).flatten(1) < 16
    assert (first.sum(-1) - 4).abs().max() <= 1  # of a quarter of all, about one of each quadrant
    with pytest.raises(ValueError, match="got 15"):
        HaltonOrder(15)


def test_guidance_and_temperature_move_along_the_chain():
    kernel, seen = build_kernel(KernelConfig("absorbing", 2, 10)), []

    class Recorded:
        shape = (1, 4, 2)

        def __init__(self, name):
            self.name = name

        def __getitem__(self, where):
            seen.append(self.name)
            return torch.zeros(1, 4, 2)[where]

    def denoiser(z_t, t):
        return Recorded("given")

    def free(z_t, t):
        return Recorded("free")

    settings = {"guidance": Ramp(1.0, 3.0), "unconditional": free, "order": PurityOrder()}
    sample(kernel, denoiser, (1, 4), 3, seeded(), **settings)
    assert seen == ["given", "given", "free", "given", "free"]  # a factor of 1 asks once
    assert [Ramp(1.0, 2.0).at(share) for share in (0, 0.5, 1)] == [1.0, 1.5, 2.0]


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("absorbing", {"steps": 11}, r"1\.\.10.*got 11"),
        ("absorbing", {"steps": 0}, "got 0"),
        ("absorbing", {"guidance": 2.0}, "guidance=2.0"),
        ("absorbing", {"temperature": 0.0}, "got 0.0"),
        ("absorbing", {"top_p": 1.5}, "got 1.5"),
        ("absorbing", {"purity_weight": -1.0}, "got -1.0"),
        ("uniform", {"order": PurityOrder()}, "'uniform' has none"),
        ("absorbing", {"spacing": "odd"}, "even, cosine, got 'odd'"),
        ("absorbing", {"temperature": Ramp(1.0, 0.0)}, "got 0.0"),
    ],
)
def test_wrong_settings_are_named(name, settings, message):
    kernel = build_kernel(KernelConfig(name, 4, 10))
    arguments = {"steps": 5} | settings
    with pytest.raises(ValueError, match=message):
        sample(kernel, exact_denoiser(kernel, TARGET), (2, 2), noise=seeded(), **arguments)
