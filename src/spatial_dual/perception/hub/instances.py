"""Instances by published models: segmenters, detectors and open-vocabulary detectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from spatial_dual.perception.hub.checkpoints import (
    half_precision,
    image_processor,
    pretrained,
    pretrained_model,
)
from spatial_dual.scene.text import clean_label, clean_noun

WHAT = "the instance model"


@dataclass(frozen=True)
class Found:
    """Something found in one picture.

    Attributes:
        label: its noun.
        score: 0..1.
        box: (x0, y0, x1, y1) in pixels.
        mask: (height, width) bool; None where only the box is known.
    """

    label: str
    score: float
    box: tuple[float, float, float, float]
    mask: NDArray[np.bool_] | None = None


class InstanceModel(Protocol):
    """Anything that finds instances in pictures."""

    def find(self, images: NDArray[np.uint8], threshold: float) -> list[list[Found]]:
        """What is found with at least this score in each RGB image of (n, h, w, 3)."""
        ...


def load_instance_model(
    name: str, device: torch.device, labels: Sequence[str] = (), batch_size: int = 8
) -> InstanceModel:
    """The checkpoint's kind is what its configuration names as its architecture.

    Args:
        name: hub name or local folder.
        device: where it runs.
        labels: what an open-vocabulary detector looks for.
        batch_size: images at a time.

    Raises:
        ValueError: it cannot be loaded or is of no such kind, or ``labels`` are missing or given
            where the checkpoint has its own.
    """
    from transformers import AutoConfig
    from transformers.models.auto import modeling_auto as known

    config = pretrained(AutoConfig.from_pretrained, name, WHAT)
    architecture = (config.architectures or ["unknown"])[0]
    if architecture in known.MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING_NAMES.values():
        if not labels:
            raise ValueError(f"{WHAT} {name!r} finds what it is told: give perception.hub.labels")
        return OpenVocabularyDetector(name, device, labels, batch_size)
    if labels:
        raise ValueError(
            f"{WHAT} {name!r} has labels of its own: leave perception.hub.labels empty"
        )
    if architecture in known.MODEL_FOR_UNIVERSAL_SEGMENTATION_MAPPING_NAMES.values():
        return Segmenter(name, device, batch_size)
    if architecture in known.MODEL_FOR_OBJECT_DETECTION_MAPPING_NAMES.values():
        return Detector(name, device, batch_size)
    raise ValueError(
        f"{WHAT} {name!r} is a {architecture}; name a segmenter such as Mask2Former or OneFormer, "
        "a detector such as DETR, or an open-vocabulary one such as Grounding DINO or OWLv2"
    )


class _Batched:
    """Runs a model batch by batch; subclasses say what goes in and what comes out."""

    def __init__(self, device: torch.device, batch_size: int) -> None:
        self.model: Any
        self._device, self._batch_size = device, batch_size

    def find(self, images: NDArray[np.uint8], threshold: float) -> list[list[Found]]:
        """As ``InstanceModel.find``."""
        found: list[list[Found]] = []
        for start in range(0, len(images), self._batch_size):
            found += self._find(images[start : start + self._batch_size], threshold)
        return found

    def _find(self, batch: NDArray[np.uint8], threshold: float) -> list[list[Found]]:
        raise NotImplementedError

    @torch.inference_mode()
    def _outputs(self, inputs: Any) -> Any:
        """What the model says, in float32."""
        with half_precision(self._device):
            outputs = self.model(**inputs.to(self._device))
        for name, value in outputs.items():
            if torch.is_tensor(value) and value.is_floating_point():
                outputs[name] = value.float()
        return outputs


class Segmenter(_Batched):
    """Mask2Former, OneFormer, MaskFormer, EoMT or DETR with masks."""

    def __init__(self, name: str, device: torch.device, batch_size: int = 8) -> None:
        from transformers import AutoModelForUniversalSegmentation, AutoProcessor

        super().__init__(device, batch_size)
        self.model = pretrained_model(AutoModelForUniversalSegmentation, name, WHAT)
        self.model.to(device).eval()
        self._is_told_its_task = self.model.config.model_type == "oneformer"
        if self._is_told_its_task:
            self.processor = pretrained(AutoProcessor.from_pretrained, name, WHAT, backend="pil")
        else:
            self.processor = image_processor(name, WHAT)

    def _find(self, batch: NDArray[np.uint8], threshold: float) -> list[list[Found]]:
        task = {"task_inputs": ["instance"] * len(batch)} if self._is_told_its_task else {}
        outputs = self._outputs(self.processor(images=list(batch), return_tensors="pt", **task))
        with_classes = "class_queries_logits" in outputs
        classes = outputs.class_queries_logits if with_classes else outputs.logits
        masks = outputs.masks_queries_logits if with_classes else outputs.pred_masks
        names = _class_names(self.model.config.id2label)
        size = (batch.shape[1], batch.shape[2])
        pairs = zip(classes, masks, strict=True)
        return [_queries(kinds, shapes, size, threshold, names) for kinds, shapes in pairs]


class Detector(_Batched):
    """DETR and other detectors with labels of their own; boxes only."""

    def __init__(self, name: str, device: torch.device, batch_size: int = 8) -> None:
        from transformers import AutoModelForObjectDetection

        super().__init__(device, batch_size)
        self.model = pretrained_model(AutoModelForObjectDetection, name, WHAT)
        self.model.to(device).eval()
        self.processor = image_processor(name, WHAT)

    def _find(self, batch: NDArray[np.uint8], threshold: float) -> list[list[Found]]:
        outputs = self._outputs(self.processor(images=list(batch), return_tensors="pt"))
        results = self.processor.post_process_object_detection(
            outputs, threshold=threshold, target_sizes=_sizes(batch)
        )
        names = _class_names(self.model.config.id2label)
        return [
            _boxes(result, [names[int(label)] for label in result["labels"]]) for result in results
        ]


class OpenVocabularyDetector(_Batched):
    """Grounding DINO, OWL-ViT or OWLv2: looks for the phrases that it is given; boxes only.

    Args:
        name: hub name or local folder.
        device: where it runs.
        labels: what ``find`` looks for.
        batch_size: images at a time in ``find``.
        what: what an error calls it.

    Raises:
        ValueError: it cannot be loaded, or is of another kind.
    """

    def __init__(
        self,
        name: str,
        device: torch.device,
        labels: Sequence[str] = (),
        batch_size: int = 8,
        what: str = WHAT,
    ) -> None:
        from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

        super().__init__(device, batch_size)
        self.labels = [clean_noun(label) for label in labels]
        self.model = pretrained_model(AutoModelForZeroShotObjectDetection, name, what)
        self.model.to(device).eval()
        self.processor = pretrained(AutoProcessor.from_pretrained, name, what, backend="pil")
        config = self.model.config
        self._reading: dict[str, Any] = {"truncation": True}
        if config.model_type.endswith("grounding-dino"):  # reads an image's phrases as one text
            self._reading |= {"padding": True, "max_length": config.max_text_len}

    def ask(
        self, images: NDArray[np.uint8], phrases: Sequence[Sequence[str]], threshold: float
    ) -> list[list[Found]]:
        """What is found with at least this score of each image's own phrases, in one batch.

        A label is the answer: of the OWL kinds the phrase that fits a box best, of Grounding DINO
        the words, of any phrase, whose own score is at least 0.25.

        Args:
            images: (n, h, w, 3) RGB.
            phrases: of each image, as many for each: OWL kinds fill up with empty ones, which
                would take boxes from the others.
            threshold: least score.
        """
        asked = [list(own) for own in phrases]
        inputs = self.processor(
            text=asked, images=list(images), return_tensors="pt", **self._reading
        )
        results = self.processor.post_process_grounded_object_detection(
            self._outputs(inputs),
            threshold=threshold,
            target_sizes=_sizes(images),
            text_labels=asked,
        )
        # where nothing is found, Grounding DINO's processor still gives one label, an empty one
        return [
            _boxes(result, result["text_labels"][: len(result["scores"])]) for result in results
        ]

    def _find(self, batch: NDArray[np.uint8], threshold: float) -> list[list[Found]]:
        answers = self.ask(batch, [self.labels] * len(batch), threshold)
        return [
            [
                replace(each, label=label)
                for each in image
                if (label := named(each.label, self.labels)) is not None
            ]
            for image in answers
        ]


def _class_names(given: Mapping[int, str]) -> dict[int, str]:
    """A checkpoint's names of its classes in normal form; one that is no word gets its number."""
    names = {}
    for number, name in given.items():
        try:
            names[number] = clean_label(name)
        except ValueError:
            names[number] = f"class {number}"
    return names


def named(phrase: str, labels: Sequence[str]) -> str | None:
    """The label that a phrase stands for.

    Grounding DINO answers with the words that it looked at, which may be parts of several labels
    ("cup table"): the label that shares most of its words with the phrase, None if none does.
    """
    words = set(phrase.lower().split())
    shares = [len(words & set(label.split())) / len(label.split()) for label in labels]
    best = max(range(len(labels)), key=lambda k: (shares[k], len(labels[k])))
    return labels[best] if shares[best] > 0 else None


def _queries(
    classes: Tensor, masks: Tensor, size: tuple[int, int], threshold: float, names: dict[int, str]
) -> list[Found]:
    """Instances of a mask transformer's queries; the last class is "nothing".

    The score is the probability of the class times the mean of the mask's probability, as in
    Mask2Former. transformers does the same, but for some models with torchvision only.

    Args:
        classes: (queries, classes + 1) logits.
        masks: (queries, h, w) logits, of the whole picture.
        size: (height, width) of the picture.
        threshold: least score.
        names: label of each class.
    """
    sure, kind = classes.softmax(-1)[:, :-1].max(-1)
    likely = sure >= threshold
    if not likely.any():  # nothing in the picture, and nothing that could be resized
        return []
    sure, kind, masks = sure[likely], kind[likely], masks[likely]
    share = F.interpolate(masks[None], size, mode="bilinear")[0].sigmoid()
    inside = share > 0.5
    pixels = inside.sum((1, 2))
    scores = sure * (share * inside).sum((1, 2)) / pixels.clamp(min=1)
    found = []
    for row in torch.nonzero((scores >= threshold) & (pixels > 0)).flatten().tolist():
        mask = inside[row].cpu().numpy()
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = _floats((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        found.append(Found(names[int(kind[row])], float(scores[row]), box, mask))
    return found


def _sizes(images: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """(height, width) of each image."""
    return [(images.shape[1], images.shape[2])] * len(images)


def _boxes(result: dict[str, Any], labels: Sequence[str]) -> list[Found]:
    rows = zip(labels, result["scores"].tolist(), result["boxes"].tolist(), strict=True)
    return [Found(label, score, _floats(box)) for label, score, box in rows]


def _floats(box: Sequence[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in box)
    return x0, y0, x1, y1
