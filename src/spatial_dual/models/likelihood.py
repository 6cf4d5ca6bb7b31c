"""Bounds of the likelihoods that the three diffusers give to what is true.

−ln p(G|Y), −ln p(G|I), −ln p(I|Y,G) and −ln p(Y|I,G) as negative VLBs summed over every noise level
(paper A.1), the latter two also under the graph that the model itself predicts. What is noised, and
how, depends on an example's place alone, so differences between models are those of the models.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from spatial_dual.diffusion import Denoiser, Kernel, log_likelihood_bound
from spatial_dual.models.captioner import Captioner
from spatial_dual.models.chains import Chains
from spatial_dual.models.coarse_to_fine import CoarseToFine
from spatial_dual.models.generation import graph_condition
from spatial_dual.models.spatial_dual import SpatialDual
from spatial_dual.models.text_tokenizer import BOS_ID, PAD_ID
from spatial_dual.models.token_diffuser import TokenCondition, TokenDiffuser
from spatial_dual.progress import batch_ranges
from spatial_dual.scene.alignment import slot_orders
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.seeding import torch_generator

Bounds = dict[str, np.ndarray]
NOISE_SEED = 0
"""Of the noise of all bounds, whatever the seed of a run."""
BATCH = 8


@dataclass(frozen=True)
class Example:
    """An image (H, W, 3) uint8, a text, their gold 3DSG, TSG and VSG."""

    image: np.ndarray
    text: str
    gold: SceneGraph
    told: SceneGraph
    seen: SceneGraph


def likelihood_bounds(model: SpatialDual, examples: Sequence[Example]) -> Bounds:
    """Nats a token of each example, (examples,) by the name of the likelihood.

    Tokens are the nodes of a graph, the codes of an image, and the words of a text with its end.
    ``…_predicted_graph`` are under the graph that ``model.complete`` makes of the text, for images,
    or of the image, for texts.
    """
    chains = model.chains
    parts: list[dict[str, Tensor]] = []
    for rows in batch_ranges(len(examples), BATCH, "likelihood bounds"):
        some = examples[rows.start : rows.stop]
        texts, gold = [e.text for e in some], [e.gold for e in some]
        images = np.stack([e.image for e in some])
        told, seen = [e.told for e in some], [e.seen for e in some]
        by_text = model.complete(told, texts=texts)
        by_image = model.complete(seen, images=images)
        place = rows.start
        parts.append(
            {
                "graph_given_text": graph_nats(chains, gold, told, texts, place),
                "graph_given_image": graph_nats(chains, gold, seen, images, place),
                "image_given_text_graph": image_nats(chains, images, texts, gold, place),
                "text_given_image_graph": text_nats(chains, texts, images, gold, place),
                "image_given_text_predicted_graph": image_nats(
                    chains, images, texts, by_text, place
                ),
                "text_given_image_predicted_graph": text_nats(
                    chains, texts, images, by_image, place
                ),
            }
        )
    return {name: torch.cat([part[name] for part in parts]).numpy() for name in parts[0]}


@torch.inference_mode()
def graph_nats(
    chains: Chains,
    gold: Sequence[SceneGraph],
    initial: Sequence[SceneGraph],
    source: Sequence[str] | np.ndarray,
    place: int = 0,
) -> Tensor:
    """−ln p(G | initial graph, c) in nats a node, (batch,), by the graph diffuser alone.

    Args:
        chains: of the model.
        gold: G.
        initial: TSGs of texts, or VSGs of images.
        source: the texts, or the images (batch, H, W, 3) uint8.
        place: of the first example, for the noise.
    """
    kind, feature = (
        ("image", chains.image_feature(source))
        if isinstance(source, np.ndarray)
        else ("text", chains.text_feature(source))
    )
    dgae, slots = chains.parts.dgae, chains.codec.slots
    orders = [slot_orders(i, g, slots) for i, g in zip(initial, gold, strict=True)]
    tags = chains.tags(initial, [of_initial for of_initial, _ in orders])
    clean = chains.tags(gold, [of_gold for _, of_gold in orders])
    condition = graph_condition(dgae, tags, kind, feature)
    kernel, diffuser = chains.kernel("graph"), chains.parts.dual.graph
    codes = dgae.encode(clean)
    total = _total(kernel, lambda z, t: diffuser(z, t, condition), codes, f"graph {place}")
    return total / codes.shape[1]


@torch.inference_mode()
def image_nats(
    chains: Chains,
    images: np.ndarray,
    texts: Sequence[str],
    graphs: Sequence[SceneGraph],
    place: int = 0,
) -> Tensor:
    """−ln p(I | Y, G) in nats an image token, (batch,); two scales add up."""
    kernel, diffuser = chains.kernel("image"), chains.parts.dual.image
    codes = chains.image_codes(images)
    condition = TokenCondition(chains.given(graphs).tags, chains.text_feature(texts))
    name = f"image {place}"
    if not isinstance(diffuser, CoarseToFine):
        return _token_total(kernel, diffuser, codes, condition, name) / codes.shape[1]
    coarse = diffuser.coarse_codes(codes)
    above = _token_total(kernel, diffuser.coarse, coarse, condition, f"coarse {name}")
    fine = replace(condition, coarse=coarse)
    return (above + _token_total(kernel, diffuser.fine, codes, fine, name)) / codes.shape[1]


@torch.inference_mode()
def text_nats(
    chains: Chains,
    texts: Sequence[str],
    images: np.ndarray,
    graphs: Sequence[SceneGraph],
    place: int = 0,
) -> Tensor:
    """−ln p(Y | I, G) in nats a word, the end of the text included, (batch,).

    Exact where a captioner stands in the place of the text diffuser.
    """
    writer, codes = chains.parts.dual.text, chains.text_codes(texts)
    condition = TokenCondition(chains.given(graphs).tags, chains.image_feature(images))
    words = ((codes != PAD_ID) & (codes != BOS_ID)).sum(dim=1)
    if isinstance(writer, Captioner):
        return writer(codes, condition).nats / words
    return _token_total(chains.kernel("text"), writer, codes, condition, f"text {place}") / words


def _token_total(
    kernel: Kernel, diffuser: TokenDiffuser, codes: Tensor, condition: TokenCondition, name: str
) -> Tensor:
    read = diffuser.read(condition)

    def denoise(z_t: Tensor, t: Tensor) -> Tensor:
        return diffuser.logits(diffuser.hidden(z_t, t, read))

    return _total(kernel, denoise, codes, name)


def _total(kernel: Kernel, denoise: Denoiser, codes: Tensor, name: str) -> Tensor:
    """−VLB in nats, (batch,), over every t."""
    noise = torch_generator(NOISE_SEED, "bounds", name)
    return -log_likelihood_bound(kernel, denoise, codes, "all", noise).total
