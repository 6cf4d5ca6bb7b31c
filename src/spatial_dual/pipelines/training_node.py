"""What the nodes that train a model have in common."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kedro.pipeline import Node, node
from kedro.pipeline.preview_contract import TextPreview

Parameters = dict[str, Any]
_OBJECTIVES = {  # shown by Kedro-Viz; numbers are the paper's equations
    "image_tokenizer": "‖I − Î‖² + commitment, straight through the nearest of K codes",
    "clip": "symmetric cross-entropy of cos(image, caption) / τ over the batch",
    "dgae": "z^q_ij = round(L_j/2 · tanh z_ij)   (13)\nL_DGAE = −E ln p(G | Ẑ^G)   (20, 21)",
    "visual_decoder": "a_im = softmax_m(z^G[m]·z^I[i])   (4)\n"
    "z^{I+}[i] = concat(z^I[i], Σ_m a_im z^G[m])   (5)\nL_v-dec = ‖I − G_V(z^{I+})‖²   (12)",
    "text_decoder": "Ŷ = G_T([z^Y ; z^G])   (6)\nL_t-dec = −Σ ln p(y_i | y_<i, z^Y, z^G)   (12)",
    "graph_diffuser": "L_I23D + L_T23D: bounds of p_ψ(z^G_{t-1} | z^G_t, c)   (1, 14–19)",
    "image_prior": "−ln p̂(I), autoregressive over image tokens or pixels",
    "text_prior": "−ln p̂(Y), autoregressive over caption tokens",
    "dual": "L_dual = L_ST2I + L_SI2T + ‖ln p̂(I) + ln p_φ(Y|I) − ln p̂(Y) − ln p_θ(I|Y)‖   (9)\n"
    "L_mutual = L_I23D + L_X-I23D + L_T23D + L_X-T23D   (11)",
}


def training_node(
    train: Callable[..., Any], model: str, inputs: list[str], parameters: str
) -> Node:
    """A node ``train_<model>`` that makes ``<model>`` and ``<model>_log``, and can resume.

    ``train`` takes ``inputs``, then progress store, the stage's parameters, those of all
    trainings, and the seed.
    """
    return node(
        train,
        inputs=[
            *inputs,
            f"{model}_progress",
            f"params:{parameters}",
            "params:train",
            "params:seed",
        ],
        outputs=[model, f"{model}_log"],
        name=f"train_{model}",
        preview_fn=partial(TextPreview, _OBJECTIVES[model]) if model in _OBJECTIVES else None,
    )
