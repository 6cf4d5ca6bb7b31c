"""The whole model: draws images from texts, describes images, completes scene graphs."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar, overload

import numpy as np
import torch
from torch import Tensor

from spatial_dual.datasets.images import Picture, each_square, stack_squares
from spatial_dual.devices import mixed_precision
from spatial_dual.models.chains import Chains, Plans, Start
from spatial_dual.models.faithfulness import best_borne_out, most_faithful_drawings
from spatial_dual.models.generation import SamplingOptions
from spatial_dual.models.outputs import Candidates, Description, Drawing
from spatial_dual.models.parts import Parts, load_parts, save_parts
from spatial_dual.parsing.default import default_parser
from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.record_graphs import View
from spatial_dual.progress import progress_bar
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.text import clean_caption
from spatial_dual.seeding import torch_generator

BATCH = 8  # sources; each has several candidates, and larger batches leave the cache
T = TypeVar("T")


class SpatialDual:
    """SD³ after training: each task runs alone, without the other's features.

    Args:
        parts: the trained models and the words they know.
        parser: of texts; Stanza with the shipped models unless another is given.
    """

    def __init__(self, parts: Parts, parser: TextGraphParser | None = None) -> None:
        self.parts = parts
        self.chains = Chains(parts)
        self.parser: TextGraphParser = parser or default_parser()
        self.perceiver = parts.perceiver
        self.image_tokenizer = parts.image_tokenizer

    @classmethod
    def from_pretrained(
        cls,
        folder: Path | str,
        parser: TextGraphParser | None = None,
        *,
        allow_hub: bool = False,
    ) -> Self:
        """Load what ``save_pretrained`` or ``kedro run --pipelines=train`` wrote.

        ``parser`` as of the class. ``allow_hub``: whether published checkpoints that the folder
        names may be loaded; without it a model that needs them draws, but cannot see.

        Raises:
            FileNotFoundError: there is no such folder; the message says how to train one.
        """
        return cls(load_parts(Path(folder), allow_hub), parser)

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
        return [view.visual_graph() for view in self._views(images, self._own_cameras(images))]

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
        chains = self.chains
        feature = chains.text_feature if images is None else chains.image_feature
        source: Any = texts if images is None else images
        options = self._options(steps=steps)

        def run(rows: slice, noise: torch.Generator) -> list[SceneGraph]:
            start = Start(initial[rows], kind, feature(source[rows]))
            return chains.evolve(start, options, noise).graphs

        return self._batched(len(initial), run, seed, "completing graphs")

    def graph(
        self,
        source: str | Picture,
        *,
        completed: bool = True,
        steps: int | None = None,
        seed: int = 0,
    ) -> SceneGraph:
        """Scene graph of one text (a str) or one picture: initial, or completed to a 3DSG.

        Raises:
            ValueError: a str that is the path of a file; a picture's is a ``pathlib.Path``.
        """
        _check_no_path(source)
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
        """Times T … 0 and the graph that ``graph`` holds there on its way (Fig. 9).

        Raises:
            ValueError: as of ``graph``.
        """
        _check_no_path(source)
        chains, options, told = self.chains, self._options(steps=steps), isinstance(source, str)
        given: Any = [source] if isinstance(source, str) else stack_squares(source, self.image_size)
        initial = (self.initial_from_texts if told else self.initial_from_images)(given)
        noise = torch_generator(seed, "completing graphs", 0)
        with mixed_precision(torch.device("cpu")):  # of the feature, too, as in ``complete``
            feature = (chains.text_feature if told else chains.image_feature)(given)
            start = Start(initial, "text" if told else "image", feature)
            held = chains.trace(start, options, noise)
        return [(time, graphs[0]) for time, graphs in held]

    # a str is a sequence of str to a type checker; the first signature wins
    @overload
    def draw(  # type: ignore[overload-overlap]
        self,
        texts: str,
        *,
        steps: int | None = ...,
        guidance: float | None = ...,
        candidates: int | None = ...,
        seed: int = ...,
    ) -> Drawing: ...
    @overload
    def draw(
        self,
        texts: Sequence[str],
        *,
        steps: int | None = ...,
        guidance: float | None = ...,
        candidates: int | None = ...,
        seed: int = ...,
    ) -> list[Drawing]: ...
    def draw(
        self,
        texts: str | Sequence[str],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        candidates: int | None = None,
        seed: int = 0,
    ) -> Drawing | list[Drawing]:
        """Text → TSG → 3DSG → image (ST2I): one drawing of a text, a list of several texts.

        Args:
            texts: one or several.
            steps: of the reverse chains.
            guidance: factor of classifier-free guidance.
            candidates: drawings made of each text, every one by a 3DSG of its own. The one is
                kept in which perception finds most of what the text states.
            seed: of all noise.
        """
        if isinstance(texts, str):
            given: dict[str, Any] = {"guidance": guidance, "candidates": candidates}
            return self.draw([texts], steps=steps, **given, seed=seed)[0]
        made = self.draw_candidates(
            texts, steps=steps, guidance=guidance, candidates=candidates, seed=seed
        )
        return [drawings.best for drawings in made]

    def draw_candidates(
        self,
        texts: Sequence[str],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        candidates: int | None = None,
        seed: int = 0,
    ) -> list[Candidates[Drawing]]:
        """All drawings that ``draw`` makes of each text, and which of them it keeps.

        Args:
            texts: several.
            steps, guidance, candidates, seed: as of ``draw``.
        """
        options = self._options(steps=steps, guidance=guidance, drawings=candidates)
        initial, count, chains = self.initial_from_texts(texts), options.drawings, self.chains

        def run(rows: slice, noise: torch.Generator) -> list[Candidates[Drawing]]:
            stated = [graph for graph in initial[rows] for _ in range(count)]
            feature = chains.text_feature(texts[rows]).repeat_interleave(count, dim=0)
            plans = chains.plan(Start(stated, "text", feature), options, noise)
            images = chains.draw(plans, feature, options, noise)
            made = [Drawing(*row) for row in zip(images, stated, plans.graphs, strict=True)]
            if count == 1:
                return [Candidates([drawing]) for drawing in made]
            views = self._views(images, self._own_cameras(images))
            seen = [view.depth_graph(self.parts.size_prior) for view in views]
            chosen = most_faithful_drawings(stated, seen, count)
            return [Candidates(made[n * count : (n + 1) * count], k) for n, k in enumerate(chosen)]

        return self._batched(len(texts), run, seed, "drawing")

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
        options, chains = self._options(steps=steps, guidance=guidance), self.chains

        def run(rows: slice, noise: torch.Generator) -> list[Drawing]:
            feature = chains.text_feature(texts[rows])
            images = chains.draw(chains.given(graphs[rows]), feature, options, noise)
            return [Drawing(i, g, g) for i, g in zip(images, graphs[rows], strict=True)]

        return self._batched(len(graphs), run, seed, "drawing graphs")

    def describe(
        self,
        pictures: Picture | Sequence[Picture],
        *,
        cameras: Sequence[Camera] | None = None,
        steps: int | None = None,
        seed: int = 0,
    ) -> list[Description]:
        """Image → VSG → 3DSG → text (SI2T), one description an image.

        Args:
            pictures: uint8 (n, H, W, 3) or (H, W, 3), files or pictures of any size; one gives a
                list of one. Each is brought into the models' form as ``datasets.images`` says.
            cameras: of the square crops, one a picture; by default that of its EXIF, or else the
                one of the pictures that the model was trained on.
            steps: of the reverse chains.
            seed: of all noise.

        Raises:
            UnreadableImageError: names the picture and the reason.
            ValueError: not one camera a picture.
        """
        made = self.describe_candidates(pictures, cameras=cameras, steps=steps, seed=seed)
        return [descriptions.best for descriptions in made]

    def describe_candidates(
        self,
        pictures: Picture | Sequence[Picture],
        *,
        cameras: Sequence[Camera] | None = None,
        steps: int | None = None,
        seed: int = 0,
    ) -> list[Candidates[Description]]:
        """All descriptions that ``describe`` makes of each image, and which of them it keeps.

        Those of an image are written from one 3DSG. Arguments and errors as of ``describe``.
        """
        images, own = self._read(pictures)
        cameras = own if cameras is None else cameras
        if len(cameras) != len(images):
            raise ValueError(f"{len(images)} pictures, but {len(cameras)} cameras")
        options, chains = self._options(steps=steps), self.chains

        def run(rows: slice, noise: torch.Generator) -> list[Candidates[Description]]:
            views = self._views(images[rows], cameras[rows])
            initial = [view.visual_graph() for view in views]
            feature = chains.image_feature(images[rows])
            plans = chains.plan(Start(initial, "image", feature), options, noise)
            texts = self._describe(views, plans, feature, options, noise)
            return [
                Candidates([Description(text, vsg, graph) for text in each.outputs], each.chosen)
                for each, vsg, graph in zip(texts, initial, plans.graphs, strict=True)
            ]

        return self._batched(len(images), run, seed, "describing")

    def _describe(
        self,
        views: Sequence[View],
        plans: Plans,
        feature: Tensor,
        options: SamplingOptions,
        noise: torch.Generator,
    ) -> list[Candidates[str]]:
        """``options.candidates`` texts for each graph; chosen by that graph and by depth."""
        # without the 3DSG there is nothing to check a text against
        count = options.candidates if self.parts.sees_graph("text") else 1
        several = Plans(
            [graph for graph in plans.graphs for _ in range(count)],
            {name: tag.repeat_interleave(count, dim=0) for name, tag in plans.tags.items()},
        )
        repeated = feature.repeat_interleave(count, dim=0)
        texts, least_sure = self.chains.write(several, repeated, options, noise)
        if count == 1:
            return [Candidates([text]) for text in texts]
        by_depth = [view.depth_graph(self.parts.size_prior) for view in views]
        witnesses = list(zip(plans.graphs, by_depth, strict=True))
        chosen = best_borne_out(texts, least_sure, witnesses, self.parser)
        return [Candidates(texts[n * count : (n + 1) * count], k) for n, k in enumerate(chosen)]

    def _read(self, pictures: Picture | Sequence[Picture]) -> tuple[np.ndarray, Sequence[Camera]]:
        """Square pixels (n, size, size, 3) of pictures, and their cameras."""
        if isinstance(pictures, np.ndarray):  # pixels alone, without EXIF
            images = stack_squares(pictures, self.image_size)
            return images, self._own_cameras(images)
        size, fov = self.image_size, self.parts.fov_deg
        squares, cameras = [np.zeros((0, size, size, 3), np.uint8)], []
        for opened, pixels, crop in each_square(pictures, size):
            squares.append(pixels[None])
            cameras.append(Camera.of_photograph(opened, crop, fov))
        return np.concatenate(squares), cameras

    def _own_cameras(self, images: np.ndarray) -> list[Camera]:
        """The camera of the pictures that the model was trained on, for each image."""
        return [Camera(self.parts.fov_deg)] * len(images)

    def _views(self, images: np.ndarray, cameras: Sequence[Camera]) -> list[View]:
        seen = self.perceiver.perceive(images)
        columns = (seen.depth, seen.instances, seen.labels, seen.attributes, seen.scores, cameras)
        return [View(*row) for row in zip(*columns, strict=True)]

    def _options(self, **asked: Any) -> SamplingOptions:
        """How the model was saved to sample, changed where a call asks for something."""
        changes = {name: value for name, value in asked.items() if value is not None}
        return replace(self.parts.sampling, **changes)

    def _batched(
        self, count: int, run: Callable[[slice, torch.Generator], list[T]], seed: int, what: str
    ) -> list[T]:
        """Run batch by batch with progress; the noise of a batch hangs on seed and its place."""
        results: list[T] = []
        with mixed_precision(torch.device("cpu")):
            bar = progress_bar(what, count, "item", hidden=count < 4)
            with bar:
                for start in range(0, count, BATCH):
                    noise = torch_generator(seed, what, start)
                    results += run(slice(start, start + BATCH), noise)
                    bar.update(len(results) - bar.n)
        return results


def _check_no_path(source: str | Picture) -> None:
    if isinstance(source, str) and os.path.isfile(source):  # unlike Path's, takes long texts
        raise ValueError(
            f"{source}: a str is a text here; hand over the picture as pathlib.Path({source!r})"
        )
