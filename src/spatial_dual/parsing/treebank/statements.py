"""Plain statements of place, several to a caption, as people and programs write them.

"In a kitchen, a small red cup is on the table that is near a lamp, and behind it stands a chair":
clauses follow one another with ", and"; each is plain, existential or has its place in front.
"""

from spatial_dual.parsing.treebank.phrases import Phrases, adposition, comma, first_word
from spatial_dual.parsing.treebank.trees import Tree
from spatial_dual.parsing.treebank.words import Words

_VERBS = (
    *(("is", "are", "be"), ("is", "are", "be"), ("is", "are", "be")),
    *(("stands", "stand", "stand"), ("sits", "sit", "sit"), ("lies", "lie", "lie")),
)
"""(singular, plural, base) of what a thing does in its place."""


class Statements:
    """Draws captions of statements.

    Args:
        words: source of words and chances.
        phrases: builds what hangs on a preposition.
    """

    def __init__(self, words: Words, phrases: Phrases) -> None:
        self.words = words
        self.phrases = phrases

    def caption(self) -> Tree:
        """One to three statements; before them may stand where it all is."""
        first = self._statement()
        if self.words.chance(0.25):
            scene = self._place("in")
            first.before[:0] = [("obl", scene), ("punct", comma())]
        while self.words.chance(0.45):
            clause = self._statement()
            clause.before[:0] = [("punct", comma()), ("cc", Tree("and", "and", "CCONJ", "CC"))]
            first.after.append(("conj", clause))
        return first

    def _statement(self) -> Tree:
        draw = self.words.chance
        if draw(0.15):
            return self._existential([])
        if draw(0.35):
            return self._fronted()
        subject = self._thing()
        if draw(0.15):
            subject.after.append(("nmod", self._place()))
            return subject
        plural = draw(0.2)
        if plural:
            self.phrases.join(subject, self._thing())
        return self._clause(subject, plural)

    def _clause(self, subject: Tree, plural: bool) -> Tree:
        """Subject, verb and one or two places; what a thing is part of may be one."""
        form, base = self._verb(plural)
        place = self._place(self._whole(base))
        if self.words.chance(0.25):
            second = self._place(self._whole(base))
            second.before.insert(0, ("cc", Tree("and", "and", "CCONJ", "CC")))
            place.after.append(("conj", second))
        elif self.words.chance(0.25):
            inner = self._place(self._whole("be"))
            that = Tree("that", "that", "PRON", "WDT")
            inner.before[:0] = [("nsubj", that), ("cop", Tree("is", "be", "AUX", "VBZ"))]
            place.after.append(("acl:relcl", inner))
        if base == "be":
            place.before[:0] = [("nsubj", subject), ("cop", form)]
            return place
        form.before.append(("nsubj", subject))
        form.after.append(("obl", place))
        return form

    def _fronted(self) -> Tree:
        place = self._place()
        if self.words.chance(0.4):
            return self._existential([("obl", place)])
        form, base = self._verb(plural=False)
        if base == "be":
            place.after += [("cop", form), ("nsubj", self._thing())]
            return place
        form.before.append(("obl", place))
        form.after.append(("nsubj", self._thing()))
        return form

    def _existential(self, before: list[tuple[str, Tree]]) -> Tree:
        subject = self._thing()
        verb, base = self._verb(plural=False)
        if base == "be":
            verb.upos = "VERB"
        verb.before[:0] = [*before, ("expl", Tree("there", "there", "PRON", "EX"))]
        verb.after.append(("nsubj", subject))
        if not before:
            subject.after.append(("nmod", self._place()))
        return verb

    def _verb(self, plural: bool) -> tuple[Tree, str]:
        singular, many, base = self.words.pick(_VERBS)
        upos = "AUX" if base == "be" else "VERB"
        form, tag = (many, "VBP") if plural else (singular, "VBZ")
        return Tree(form, base, upos, tag), base

    def _whole(self, base: str) -> str | None:
        """Sometimes "of", which the reader puts for "part of"; none but "be" goes with it."""
        return "of" if base == "be" and self.words.chance(0.15) else None

    def _place(self, preposition: str | None = None) -> Tree:
        ground = self._thing()
        form = preposition or self.phrases.preposition()
        ground.before.insert(0, ("case", adposition(form)))
        return ground

    def _thing(self) -> Tree:
        """A noun with an article and up to four attributes."""
        head = self.words.noun(plural=False)
        while len(head.before) < 4 and self.words.chance(0.5):
            head.before.append(("amod", self.words.adjective()))
        vowel = first_word(head)[0] in "aeiou"
        article = "the" if self.words.chance(0.3) else "an" if vowel else "a"
        lemma = "a" if article == "an" else article
        head.before.insert(0, ("det", Tree(article, lemma, "DET", "DT")))
        return head
