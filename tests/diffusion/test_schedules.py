import numpy as np
import pytest

from spatial_dual.diffusion.schedules import (
    SCHEDULES,
    Schedule,
    absorbing_schedule,
    mask_and_replace_schedule,
    uniform_schedule,
)

BUILDERS = (uniform_schedule, absorbing_schedule, mask_and_replace_schedule)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("build", BUILDERS)
def test_every_step_is_a_valid_transition(name, build):
    schedule = build(name, 100)
    alpha = schedule.alpha_bar[1:] / schedule.alpha_bar[:-1]
    visible = (1 - schedule.gamma_bar[1:]) / (1 - schedule.gamma_bar[:-1])
    replace = visible - alpha
    for masses in (alpha, 1 - visible, replace):
        assert masses.min() >= -1e-9
        assert masses.max() <= 1
    assert schedule.alpha_bar.dtype == np.float64
    assert schedule.alpha_bar[-1] < 1e-5


def test_released_vq_diffusion_table():
    schedule = mask_and_replace_schedule("vq_diffusion", 100)
    assert schedule.alpha_bar[[1, 100]] == pytest.approx([0.99999, 0.000009], rel=1e-12)
    assert schedule.gamma_bar[[1, 100]] == pytest.approx([0.000009, 0.99999], rel=1e-12)
    assert schedule.beta_bar(50)[60] == pytest.approx(1e-6 / 50, rel=1e-6)


def test_mask_share_splits_the_noise():
    schedule = mask_and_replace_schedule("linear", 10, 0.9)
    assert schedule.gamma_bar[-1] == pytest.approx(0.9)
    assert schedule.replace_bar[-1] == pytest.approx(0.1)


def test_schedule_refuses_masses_that_do_not_add_up():
    table = np.array([1.0, 0.5])
    with pytest.raises(ValueError, match="add up to 1"):
        Schedule(table, table * 0, table * 0)


def test_schedule_refuses_alpha_that_rises():
    alpha = np.array([1.0, 0.2, 0.5])
    with pytest.raises(ValueError, match="never rise"):
        Schedule(alpha, 1 - alpha, alpha * 0)
