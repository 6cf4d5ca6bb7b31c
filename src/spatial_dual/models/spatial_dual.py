"""The whole model: draws images from texts, describes images, completes scene graphs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
import torch

from spatial_dual.datasets.images import Picture, stack_squares
from spatial_dual.devices import mixed_precision
from spatial_dual.models.chains import Chains, Start
from spatial_dual.models.faithfulness import best_borne_out, most_faithful_drawings
from spatial_dual.models.generation import SamplingOptions
from spatial_dual.models.outputs import Candidates, Description, Drawing
from spatial_dual.models.parts import Parts, load_parts, save_parts
from spatial_dual.models.sources import (
    check_no_path,
    each_source,
    own_noise,
    read_pictures,
    repeats,
)
from spatial_dual.parsing.default import default_parser
from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.record_graphs import View
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.text import clean_caption

COMPLETING = "completing graphs"


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
            ValueError: the folder is damaged, or holds no model of this version.
        """
        parts, parser = load_parts(Path(folder), allow_hub), parser or default_parser()
        try:
            return cls(parts, parser)
        except Exception as error:  # what parts of a stranger break together, nobody can list
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise ValueError(
                f"{folder}: its parts do not belong together: {reason}; train the model again"
            ) from error

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
        return [
            view.visual_graph()
            for view in self._views(images, [Camera(self.parts.fov_deg)] * len(images))
        ]

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
        options = self._options(steps=steps, graph_steps=steps)

        def run(row: slice) -> SceneGraph:
            start = Start(initial[row], kind, feature(source[row]))
            noise = own_noise(seed, COMPLETING, source[row.start])
            return chains.evolve(start, options, noise).graphs[0]

        return each_source(len(initial), run, COMPLETING)

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
        check_no_path(source)
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
        check_no_path(source)
        chains, told = self.chains, isinstance(source, str)
        options = self._options(steps=steps, graph_steps=steps)
        given: Any = [source] if isinstance(source, str) else stack_squares(source, self.image_size)
        initial = (self.initial_from_texts if told else self.initial_from_images)(given)
        noise = own_noise(seed, COMPLETING, given[0])
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
            steps: of the reverse chain; the 3DSG's has ``graph_steps`` where they are set.
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
        copies = repeats(texts)  # a text given again is drawn anew

        def run(row: slice) -> Candidates[Drawing]:
            text, stated = texts[row.start], initial[row] * count
            noise = own_noise(seed, f"drawing {copies[row.start]}", text, count)
            feature = chains.text_feature([text]).repeat_interleave(count, dim=0)
            plans = chains.plan(Start(stated, "text", feature), options, noise)
            images = chains.draw(plans, feature, options, noise)
            made = [Drawing(*each) for each in zip(images, stated, plans.graphs, strict=True)]
            if count == 1:
                return Candidates(made)
            views = self._views(images, [Camera(self.parts.fov_deg)] * len(images))
            seen = [view.depth_graph(self.parts.size_prior) for view in views]
            return Candidates(made, most_faithful_drawings(stated, seen, count)[0])

        return each_source(len(texts), run, "drawing")

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

        def run(row: slice) -> Drawing:
            text, graph = texts[row.start], graphs[row.start]
            noise = own_noise(seed, "drawing graphs", text)
            images = chains.draw(chains.given([graph]), chains.text_feature([text]), options, noise)
            return Drawing(images[0], graph, graph)

        return each_source(len(graphs), run, "drawing graphs")

    def reconstruct(self, images: np.ndarray, graphs: Sequence[SceneGraph]) -> np.ndarray:
        """Images (n, H, W, 3) uint8 through tokens and G_V, which reads their 3DSGs.

        The best that drawings can be: what is lost here, no diffuser can draw.
        """
        with mixed_precision(torch.device("cpu")):
            return self.chains.reconstruct(images, self.chains.given(graphs))

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
            steps: of the reverse chain; the 3DSG's has ``graph_steps`` where they are set.
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
        images, own = read_pictures(pictures, self.image_size, self.parts.fov_deg)
        cameras = own if cameras is None else cameras
        if len(cameras) != len(images):
            raise ValueError(f"{len(images)} pictures, but {len(cameras)} cameras")
        options, chains = self._options(steps=steps), self.chains

        def run(row: slice) -> Candidates[Description]:
            (view,), image = self._views(images[row], cameras[row]), images[row.start]
            initial, feature = view.visual_graph(), chains.image_feature(images[row])
            start = Start([initial], "image", feature)
            plan = chains.plan(start, options, own_noise(seed, COMPLETING, image))
            # without the 3DSG there is nothing to check a text against
            count = options.candidates if self.parts.sees_graph("text") else 1
            noise = own_noise(seed, "describing", image, count)
            texts, sure = chains.write_several(plan, feature, options, noise)
            graph = plan.graphs[0]
            made = [Description(text, initial, graph) for text in texts]
            if count == 1:
                return Candidates(made)
            witnesses = [(graph, view.depth_graph(self.parts.size_prior))]
            return Candidates(made, best_borne_out(texts, sure, witnesses, self.parser)[0])

        return each_source(len(images), run, "describing")

    def _views(self, images: np.ndarray, cameras: Sequence[Camera]) -> list[View]:
        seen = self.perceiver.perceive(images)
        columns = (seen.depth, seen.instances, seen.labels, seen.attributes, seen.scores, cameras)
        return [View(*row) for row in zip(*columns, strict=True)]

    def _options(self, **asked: Any) -> SamplingOptions:
        """How the model was saved to sample, changed where a call asks for something."""
        changes = {name: value for name, value in asked.items() if value is not None}
        return replace(self.parts.sampling, **changes)
