import pytest
import torch

from spatial_dual.seeding import derive_seed, seeded_torch, torch_generator


def test_seeds_are_the_same_on_every_machine() -> None:
    # printf 0/fit/3 | b2sum -l 64, its bytes from the last to the first, without the lowest bit
    assert derive_seed(0, "fit", 3) == 0x67F0E5BAEBA3075D >> 1


def test_every_seed_stage_and_step_has_its_own_stream() -> None:
    seeds = [derive_seed(s, name, step) for s in range(5) for name in "abcd" for step in range(100)]
    assert len(set(seeds)) == len(seeds)
    assert 0 <= min(seeds) <= max(seeds) < 2**63
    # each bit is set in about half of them
    for bit in range(63):
        assert 0.4 < sum(seed >> bit & 1 for seed in seeds) / len(seeds) < 0.6


def test_the_parts_of_a_path_do_not_run_together() -> None:
    assert len({derive_seed(1, "ab", 1), derive_seed(1, "a", "b1"), derive_seed(11, "ab")}) == 3


def test_equal_paths_give_equal_draws() -> None:
    first, same = (torch.rand(4, generator=torch_generator(3, "image", 5)) for _ in range(2))
    assert torch.equal(first, same)
    assert not torch.equal(first, torch.rand(4, generator=torch_generator(3, "image", 6)))


def test_a_seeded_block_leaves_the_global_generator_as_it_was() -> None:
    before = torch.get_rng_state()
    draws = []
    for _ in range(2):
        with seeded_torch(3, "weights"):
            draws.append(torch.rand(4))
    with pytest.raises(RuntimeError, match="broken"), seeded_torch(3, "weights"):
        raise RuntimeError("broken")
    assert torch.equal(*draws)
    assert torch.equal(torch.get_rng_state(), before)
