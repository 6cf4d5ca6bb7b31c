"""c_Y of a batch whose captions are token ids: the frozen text tower reads them anew each step."""

from collections.abc import Mapping

import torch
from torch import Tensor

from spatial_dual.models.clip import ClipEncoder


def with_text_tokens(batch: Mapping[str, Tensor], clip: ClipEncoder | None) -> dict[str, Tensor]:
    """The batch with ``clip_text`` (batch, tokens, width) of its ``clip_ids`` (batch, length).

    No longer than the longest caption at hand. Without ``clip`` the batch holds the global features
    already and stays as it is.
    """
    if clip is None:
        return dict(batch)
    ids = batch["clip_ids"]
    clip.to(ids.device)
    with torch.no_grad():
        return {**batch, "clip_text": clip.text_condition(clip.trimmed(ids))}
