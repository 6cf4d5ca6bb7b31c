"""The whole model: draws images from texts, describes images, completes scene graphs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar, overload

import numpy as np
import torch
from torch import Tensor

from spatial_dual.datasets.images import Picture, stack_squares
from spatial_dual.devices import mixed_precision
from spatial_dual.diffusion import Kernel, KernelConfig, build_kernel
from spatial_dual.models.faithfulness import most_faithful
from spatial_dual.models.generation import (
    SamplingOptions,
    draw_images,
    held_graphs,
    sample_graphs,
    write_captions,
)
from spatial_dual.models.image_tokenizer import from_uint8, to_uint8
from spatial_dual.models.outputs import Description, Drawing
from spatial_dual.models.parts import Parts, load_parts, save_parts
from spatial_dual.models.token_diffuser import TokenCondition
from spatial_dual.parsing.default import default_parser
from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.record_graphs import View
from spatial_dual.progress import progress_bar
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.tensors import GraphCodec, GraphTensors
from spatial_dual.scene.text import clean_caption
from spatial_dual.seeding import torch_generator

BATCH = 16
T = TypeVar("T")


class SpatialDual:
    """SD³ after training: each task runs alone, without the other's features.

    Args:
        parts: the trained models and the words they know.
        parser: of texts; Stanza with the shipped models unless another is given.
    """

    def __init__(self, parts: Parts, parser: TextGraphParser | None = None) -> None:
        self.parts = parts
        self.codec = GraphCodec(parts.vocabulary, parts.dgae.config.shape.slots)
        self.parser: TextGraphParser = parser or default_parser()
        self.perceiver = parts.perceiver
        self.image_tokenizer = parts.image_tokenizer

    @classmethod
    def from_pretrained(cls, folder: Path | str, parser: TextGraphParser | None = None) -> Self:
        """Load what ``save_pretrained`` or ``kedro run --pipelines=train`` wrote.

        ``parser`` as of the class.

        Raises:
            FileNotFoundError: there is no such folder; the message says how to train one.
        """
        return cls(load_parts(Path(folder)), parser)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write every part below ``folder``."""
        save_parts(Path(folder), self.parts)

    @property
    def image_size(self) -> int:
        """Side in pixels of the images that the model reads and draws."""
        return self.parts.dual.config.image.grid * self.image_tokenizer.config.patches.patch

    def initial_from_texts(self, texts: Sequence[str]) -> list[SceneGraph]:
        """TSGs: what the texts say."""
        return self.parser.parse([clean_caption(text) for text in texts])

    def initial_from_images(self, images: np.ndarray) -> list[SceneGraph]:
        """VSGs of images (n, H, W, 3) uint8: what perception sees, and nothing else."""
        seen = self.perceiver.perceive(images)
        columns = (seen.depth, seen.instances, seen.labels, seen.attributes, seen.scores)
        return [View(*row, Camera()).visual_graph() for row in zip(*columns, strict=True)]

    def complete(
        self,
        initial: Sequence[SceneGraph],
        *,
        texts: Sequence[str] | None = None,
        images: np.ndarray | None = None,
        steps: int | None = None,
        seed: int = 0,
    ) -> list[SceneGraph]:
        """3DSGs that initial graphs evolve into, given the texts or the images they come from.

        Raises:
            ValueError: both or neither of ``texts`` and ``images`` are given.
        """
        if (texts is None) == (images is None):
            raise ValueError("give the texts or the images that the graphs come from, not both")
        kind = "image" if texts is None else "text"
        feature = self._text_feature if images is None else self._image_feature
        source: Any = texts if images is None else images

        def run(rows: slice, options: SamplingOptions, noise: torch.Generator) -> list[SceneGraph]:
            return self._evolve(initial[rows], kind, feature(source[rows]), options, noise)[0]

        return self._batched(len(initial), run, steps, None, seed, "completing graphs")

    def graph(
        self,
        source: str | Picture,
        *,
        completed: bool = True,
        steps: int | None = None,
        seed: int = 0,
    ) -> SceneGraph:
        """Scene graph of one text (a str) or one picture: initial, or completed to a 3DSG."""
        given: dict[str, Any]
        if isinstance(source, str):
            initial, given = self.initial_from_texts([source]), {"texts": [source]}
        else:
            images = stack_squares(source, self.image_size)
            initial, given = self.initial_from_images(images), {"images": images}
        if not completed:
            return initial[0]
        return self.complete(initial, **given, steps=steps, seed=seed)[0]

    def trace(
        self, source: str | Picture, *, steps: int | None = None, seed: int = 0
    ) -> list[tuple[int, SceneGraph]]:
        """Times T … 0 and the graph that ``graph`` holds there on its way (Fig. 9)."""
        if isinstance(source, str):
            kind, initial = "text", self.initial_from_texts([source])
            feature = self._text_feature([source])
        else:
            images = stack_squares(source, self.image_size)
            kind, initial = "image", self.initial_from_images(images)
            feature = self._image_feature(images)
        parts = self.parts
        options = replace(parts.sampling, steps=steps or parts.sampling.steps)
        kernel = self._kernel(parts.kernels["graph"], parts.dgae.codes)
        start = (self._tags(initial), kind, feature, options)
        noise = torch_generator(seed, "completing graphs", 0)
        with mixed_precision(torch.device("cpu")):
            chain = sample_graphs(parts.dual.graph, kernel, parts.dgae, *start, noise, True)
            held = held_graphs(chain, parts.dgae)
        return [(time, self._decode(tags)[0]) for time, tags in held]

    # a str is a sequence of str to a type checker; the first signature wins
    @overload
    def draw(  # type: ignore[overload-overlap]
        self, texts: str, *, steps: int | None = ..., guidance: float | None = ..., seed: int = ...
    ) -> Drawing: ...
    @overload
    def draw(
        self,
        texts: Sequence[str],
        *,
        steps: int | None = ...,
        guidance: float | None = ...,
        seed: int = ...,
    ) -> list[Drawing]: ...
    def draw(
        self,
        texts: str | Sequence[str],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        seed: int = 0,
    ) -> Drawing | list[Drawing]:
        """Text → TSG → 3DSG → image (ST2I): one drawing of a text, a list of several texts."""
        if isinstance(texts, str):
            return self.draw([texts], steps=steps, guidance=guidance, seed=seed)[0]
        initial = self.initial_from_texts(texts)

        def run(rows: slice, options: SamplingOptions, noise: torch.Generator) -> list[Drawing]:
            feature = self._text_feature(texts[rows])
            graphs, tags = self._plan(initial[rows], "text", feature, options, noise)
            images = self._draw(tags, feature, options, noise)
            return [Drawing(*row) for row in zip(images, initial[rows], graphs, strict=True)]

        return self._batched(len(texts), run, steps, guidance, seed, "drawing")

    def draw_graph(
        self,
        graphs: Sequence[SceneGraph],
        texts: Sequence[str],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        seed: int = 0,
    ) -> list[Drawing]:
        """3DSG → image: the easy half of ST2I, from graphs that carry regions and distances."""

        def run(rows: slice, options: SamplingOptions, noise: torch.Generator) -> list[Drawing]:
            tags = self._tags(graphs[rows])
            images = self._draw(tags, self._text_feature(texts[rows]), options, noise)
            return [Drawing(i, g, g) for i, g in zip(images, graphs[rows], strict=True)]

        return self._batched(len(graphs), run, steps, guidance, seed, "drawing graphs")

    def describe(
        self, pictures: Picture | Sequence[Picture], *, steps: int | None = None, seed: int = 0
    ) -> list[Description]:
        """Image → VSG → 3DSG → text (SI2T), one description an image.

        Args:
            pictures: uint8 (n, H, W, 3) or (H, W, 3), files or pictures of any size; one gives a
                list of one. Each is brought into the models' form as ``datasets.images`` says.
            steps: of the reverse chains.
            seed: of all noise.

        Raises:
            UnreadableImageError: names the picture and the reason.
        """
        images = stack_squares(pictures, self.image_size)
        initial = self.initial_from_images(images)

        def run(rows: slice, options: SamplingOptions, noise: torch.Generator) -> list[Description]:
            feature = self._image_feature(images[rows])
            graphs, tags = self._plan(initial[rows], "image", feature, options, noise)
            texts = self._describe(graphs, tags, feature, options, noise)
            return [Description(*row) for row in zip(texts, initial[rows], graphs, strict=True)]

        return self._batched(len(images), run, steps, None, seed, "describing")

    def _describe(
        self,
        graphs: Sequence[SceneGraph],
        tags: dict[str, Tensor],
        feature: Tensor,
        options: SamplingOptions,
        noise: torch.Generator,
    ) -> list[str]:
        """One text for each graph, the most faithful of ``options.candidates``."""
        parts = self.parts
        # without the 3DSG there is nothing to check a text against
        count = options.candidates if parts.sees_graph("text") else 1
        ids = write_captions(
            parts.dual.text,
            self._kernel(parts.kernels["text"], parts.dual.config.text.codes),
            parts.text_decoder,
            TokenCondition(
                {name: tag.repeat_interleave(count, dim=0) for name, tag in tags.items()},
                feature.repeat_interleave(count, dim=0),
            ),
            options,
            noise,
        )
        texts = parts.text_tokenizer.decode_batch(ids.cpu().numpy())
        if count == 1:
            return texts
        several = [texts[n : n + count] for n in range(0, len(texts), count)]
        return most_faithful(several, graphs, self.parser)

    def _plan(
        self,
        initial: Sequence[SceneGraph],
        kind: str,
        feature: Tensor,
        options: SamplingOptions,
        noise: torch.Generator,
    ) -> tuple[list[SceneGraph], dict[str, Tensor]]:
        """The 3DSG that the output is made from: the initial graph where none is read."""
        if self.parts.sees_graph("image" if kind == "text" else "text"):
            return self._evolve(initial, kind, feature, options, noise)
        return list(initial), self._tags(initial)

    @torch.inference_mode()
    def _evolve(
        self,
        initial: Sequence[SceneGraph],
        kind: str,
        feature: Tensor,
        options: SamplingOptions,
        noise: torch.Generator,
    ) -> tuple[list[SceneGraph], dict[str, Tensor]]:
        parts = self.parts
        kernel = self._kernel(parts.kernels["graph"], parts.dgae.codes)
        start = (self._tags(initial), kind, feature, options)
        chain = sample_graphs(parts.dual.graph, kernel, parts.dgae, *start, noise)
        tags = parts.dgae.decode(chain.tokens)
        return self._decode(tags), tags

    def _decode(self, tags: Mapping[str, Tensor]) -> list[SceneGraph]:
        return self.codec.decode(GraphTensors(**{n: v.cpu().numpy() for n, v in tags.items()}))

    def _draw(
        self,
        tags: dict[str, Tensor],
        feature: Tensor,
        options: SamplingOptions,
        noise: torch.Generator,
    ) -> np.ndarray:
        parts = self.parts
        kernel = self._kernel(parts.kernels["image"], parts.dual.config.image.codes)
        images = draw_images(
            parts.dual.image,
            kernel,
            parts.image_tokenizer,
            parts.visual_decoder,
            TokenCondition(tags, feature),
            options,
            noise,
        )
        return to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()

    def _tags(self, graphs: Sequence[SceneGraph]) -> dict[str, Tensor]:
        arrays = self.codec.encode(graphs).arrays()
        return {name: torch.from_numpy(values) for name, values in arrays.items()}

    @torch.inference_mode()
    def _text_feature(self, texts: Sequence[str]) -> Tensor:
        cleaned = [clean_caption(text) for text in texts]
        ids = self.parts.clip.caption_ids(cleaned, self.parts.text_tokenizer)
        return self.parts.clip.text_features(ids)

    @torch.inference_mode()
    def _image_feature(self, images: np.ndarray) -> Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        return self.parts.clip.image_features(from_uint8(pixels))

    def _kernel(self, settings: Mapping[str, Any], classes: int) -> Kernel:
        return build_kernel(KernelConfig(classes=classes, **settings))

    def _batched(
        self,
        count: int,
        run: Callable[[slice, SamplingOptions, torch.Generator], list[T]],
        steps: int | None,
        guidance: float | None,
        seed: int,
        what: str,
    ) -> list[T]:
        """Run batch by batch with progress; the noise of a batch hangs on seed and its place."""
        given = {"steps": steps, "guidance": guidance}
        changes: Any = {name: value for name, value in given.items() if value is not None}
        options = replace(self.parts.sampling, **changes)
        results: list[T] = []
        with mixed_precision(torch.device("cpu")):
            bar = progress_bar(what, count, "item", hidden=count < 4)
            with bar:
                for start in range(0, count, BATCH):
                    noise = torch_generator(seed, what, start)
                    rows = slice(start, start + BATCH)
                    results += run(rows, options, noise)
                    bar.update(len(results) - bar.n)
        return results
