"""Dependency trees under construction, and their CoNLL-U form."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Tree:
    """A word with its dependents: ``before`` and ``after`` it, in the order of the sentence.

    Attributes:
        form: the word as written.
        lemma: its dictionary form.
        upos: universal part of speech.
        xpos: Penn Treebank tag.
        before: (relation, dependent) to the left.
        after: (relation, dependent) to the right.
    """

    form: str
    lemma: str
    upos: str
    xpos: str
    before: list[tuple[str, "Tree"]] = field(default_factory=list)
    after: list[tuple[str, "Tree"]] = field(default_factory=list)

    def words(self) -> list["Tree"]:
        """All words of the tree in the order of the sentence."""
        return [word for word, _, _ in self._arcs("root", None)]

    def _arcs(
        self, relation: str, head: "Tree | None"
    ) -> Iterator[tuple["Tree", str, "Tree | None"]]:
        for name, child in self.before:
            yield from child._arcs(name, self)
        yield self, relation, head
        for name, child in self.after:
            yield from child._arcs(name, self)

    def conllu(self) -> str:
        """Lines of the sentence without comments; heads count from 1, 0 is the root.

        A genitive "'s" or a negation "n't" is written as one token with the word before it.
        """
        arcs = list(self._arcs("root", None))
        place = {id(word): number for number, (word, _, _) in enumerate(arcs, start=1)}
        following = [word.form for word, _, _ in arcs[1:]] + [""]
        lines = []
        for (word, relation, head), after in zip(arcs, following, strict=True):
            number = place[id(word)]
            if after in CLITICS:
                lines.append(f"{number}-{number + 1}\t{word.form}{after}" + "\t_" * 8)
            start = 0 if head is None else place[id(head)]
            lines.append(
                f"{number}\t{word.form}\t{word.lemma}\t{word.upos}\t{word.xpos}\t_"
                f"\t{start}\t{relation}\t_\t_"
            )
        return "\n".join(lines)

    def text(self) -> str:
        """The sentence as people write it."""
        parts: list[str] = []
        for word in self.words():
            glued = word.form in CLITICS or word.upos == "PUNCT"
            parts.append(word.form if glued or not parts else " " + word.form)
        return "".join(parts)


CLITICS = frozenset(["'s", "n't"])
