"""p̂(I) over tokens or pixels, in nats that compare."""

import pytest
import torch

from spatial_dual.models.prior import ImagePrior, ImagePriorConfig, TokenPrior
from spatial_dual.training.priors import log_priors, prior_loss


def make(pixels: dict[str, int] | None) -> ImagePrior:
    torch.manual_seed(0)
    config = ImagePriorConfig(5, tokens=4, dim=8, depth=1, heads=2, pixels=pixels)  # type: ignore[arg-type]
    return ImagePrior(config).eval()


def test_tokens_add_up_their_nats() -> None:
    prior, codes = make(None), torch.randint(0, 5, (3, 4))
    expected = -prior(codes).sum(dim=1)
    torch.testing.assert_close(prior.log_likelihood(codes), expected)
    assert isinstance(prior.network, TokenPrior)


def test_pixels_count_as_many_nats_as_there_are_tokens() -> None:
    """8 × 8 pictures reduced to 4 × 4: 48 values share the nats of 4 tokens."""
    prior = make({"side": 4, "channels": 4, "blocks": 1, "mixtures": 2})
    images = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    whole = prior.network.log_likelihood(images)  # type: ignore[operator]
    torch.testing.assert_close(prior.log_likelihood(images), whole / 48 * 4)


@pytest.mark.parametrize("pixels", [None, {"side": 4, "channels": 4, "blocks": 1, "mixtures": 2}])
def test_images_and_captions_are_scored_one_by_one(pixels: dict[str, int] | None) -> None:
    image, text = make(pixels), make(None).network
    assert isinstance(text, TokenPrior)
    codes, pictures = torch.randint(0, 5, (3, 4)), torch.randint(0, 256, (3, 3, 4, 4))
    samples = codes if pixels is None else pictures.to(torch.uint8)
    captions = torch.randint(0, 5, (3, 2, 4))
    scores = log_priors(samples, captions, image, text)
    assert scores["image"].shape == (3,)
    assert scores["text"].shape == (3, 2)
    with torch.no_grad():
        alone = float(text.log_likelihood(captions[1:2, 1]))
        mean = float(image(samples).mean())
    assert float(scores["text"][1, 1]) == pytest.approx(alone, rel=0.02)
    loss = prior_loss(image, {"samples": samples}, torch.Generator())["loss"]
    assert float(loss) == pytest.approx(mean, rel=1e-5)
