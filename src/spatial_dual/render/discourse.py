"""What a caption has said so far: the scene graph that its reader has in mind."""

from spatial_dual.render.lexicon import ADJECTIVES, POSTMODIFIERS
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

_ORDER = {
    word: rank
    for rank, group in enumerate((ADJECTIVES[2], ADJECTIVES[3], ADJECTIVES[0], ADJECTIVES[1]))
    for word in group
} | dict.fromkeys(POSTMODIFIERS, 3)


class Discourse:
    """Grows a stated graph in the order of the words; used to write and to read captions."""

    def __init__(self) -> None:
        self.place: str | None = None
        self._objects: list[SceneObject] = []
        self._relations: list[Relation] = []

    def introduce(self, label: str, attributes: tuple[str, ...]) -> int:
        """A new object ("a red cup"); returns its number."""
        ordered = tuple(sorted(attributes, key=lambda word: _ORDER[word]))
        self._objects.append(SceneObject(label=label, attributes=ordered))
        return len(self._objects) - 1

    def refer(self, label: str, attributes: tuple[str, ...]) -> int | None:
        """The one earlier object that "the red cup" can mean; None if there is none or several."""
        fits = [
            number
            for number, item in enumerate(self._objects)
            if item.label == label and set(attributes) <= set(item.attributes)
        ]
        return fits[0] if len(fits) == 1 else None

    def state(self, subject: int, predicate: str, object_: int) -> bool:
        """Add a relation; False if it joins an object to itself or was stated before."""
        if subject == object_:
            return False
        relation = Relation(subject=subject, predicate=predicate, object=object_, source="text")
        if relation in self._relations:
            return False
        self._relations.append(relation)
        return True

    def graph(self) -> SceneGraph:
        """Everything stated so far."""
        return SceneGraph(
            objects=tuple(self._objects), relations=tuple(self._relations), place=self.place
        )
