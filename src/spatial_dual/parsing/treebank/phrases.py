"""Noun phrases and prepositional phrases with their trees."""

from spatial_dual.parsing.treebank.trees import Tree
from spatial_dual.parsing.treebank.words import Words

_SINGULAR = ("a", "a", "a", "the", "the", "the", "one", "this", "another", "each", "that")
_PLURAL = ("the", "the", "some", "two", "three", "several", "many", "these", "four", "both", "all")
_NUMBERS = frozenset(["one", "two", "three", "four", "five", "six"])
_POSSESSIVES = {"his": "he", "her": "she", "its": "it", "their": "they"}
_PRONOUNS = {"it": "it", "them": "they", "him": "he", "her": "she", "himself": "himself"}
_SUBJECTS = {"it": "it", "they": "they", "he": "he", "she": "she"}
_NUMERALS = ("2", "3", "five", "six", "ten")


class Phrases:
    """Builds phrases; ``depth`` bounds how far they nest."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def noun_phrase(self, depth: int = 1, bare: float = 0.15) -> Tree:
        """An object with determiner, attributes, compounds and what follows the noun.

        Args:
            depth: phrases that may hang below.
            bare: chance to leave the determiner out.
        """
        words = self.words
        plural = words.chance(0.25)
        head = self._head(plural)
        if head.lemma != "one" and words.chance(0.13):
            head.before.append(("compound", words.noun(plural=False)))
        if words.chance(0.38):
            self._attributes(head)
        self._determiner(head, bare)
        if depth > 0 and words.chance(0.28):
            self._follow(head, depth - 1)
        return head

    def pronoun(self, subject: bool = False) -> Tree:
        """A personal pronoun."""
        forms = _SUBJECTS if subject else _PRONOUNS
        form = self.words.pick(list(forms))
        return Tree(form, forms[form], "PRON", "PRP")

    def listed(self, depth: int = 1, bare: float = 0.15) -> Tree:
        """One noun phrase, or two or three joined by "and" or commas."""
        head = self.noun_phrase(depth, bare)
        if self.words.chance(0.14):
            self.join(head, self.noun_phrase(min(depth, 1), bare))
            if self.words.chance(0.2):
                third = self.noun_phrase(0, bare)
                third.before.insert(0, ("punct", comma()))
                head.after.insert(-1, ("conj", third))
        return head

    def join(self, head: Tree, other: Tree) -> None:
        """Make ``other`` a conjunct of ``head``."""
        word = "and" if self.words.chance(0.92) else self.words.pick(("or", "&"))
        other.before.insert(0, ("cc", Tree(word, word, "CCONJ", "CC")))
        if self.words.chance(0.08):
            other.before.insert(0, ("punct", comma()))
        head.after.append(("conj", other))

    def prepositional(self, depth: int = 1, preposition: str | None = None) -> Tree:
        """A noun phrase with its preposition; some are followed by "each other" or a pronoun."""
        chance = self.words.chance
        preposition = preposition or self.preposition()
        if chance(0.04) and preposition != "of":
            ground = self.pronoun()
        elif chance(0.015):
            ground = Tree(
                "other", "other", "ADJ", "JJ", [("det", Tree("each", "each", "DET", "DT"))]
            )
        else:
            ground = self.listed(depth, bare=0.22)
        ground.before.insert(0, ("case", adposition(preposition)))
        if chance(0.04):
            ground.before.insert(
                0, ("advmod", adverb(self.words.pick(("just", "directly", "right"))))
            )
        return ground

    def preposition(self) -> str:
        """A preposition; those of place are the most usual."""
        if self.words.chance(0.2):
            return self.words.word("preposition")
        if self.words.chance(0.6):
            return self.words.pick(("on", "on", "in", "behind", "under", "near", "near", "above"))
        return self.words.word("spatial")

    def _head(self, plural: bool) -> Tree:
        if self.words.chance(0.015):
            return Tree("one", "one", "NOUN", "NN")
        kinds = ("people", "people", "animals") if self.words.chance(0.25) else None
        return self.words.noun(plural, kinds) if kinds else self.words.noun(plural)

    def _attributes(self, head: Tree) -> None:
        first = self.words.adjective()
        if self.words.chance(0.05):
            first.before.append(("advmod", adverb(self.words.word("adverb_of_adjective"))))
        found = [("amod", first)]
        if self.words.chance(0.15):
            found.append(("amod", self.words.adjective()))
        elif self.words.chance(0.1):
            self.join(first, self.words.adjective())
        head.before[:0] = found

    def _determiner(self, head: Tree, bare: float) -> None:
        chance, pick = self.words.chance, self.words.pick
        if chance(bare) and head.lemma != "one":
            return
        if chance(0.06):
            owner = self.words.noun(False, ("people", "animals", "vehicles"))
            owner.before.append(("det", _determiner(pick(("the", "a")))))
            owner.after.append(("case", Tree("'s", "'s", "PART", "POS")))
            head.before.insert(0, ("nmod:poss", owner))
        elif chance(0.08):
            form = pick(list(_POSSESSIVES))
            head.before.insert(0, ("nmod:poss", Tree(form, _POSSESSIVES[form], "PRON", "PRP$")))
        else:
            form = pick(_PLURAL) if head.xpos == "NNS" else pick(_SINGULAR)
            if form in _NUMBERS:
                if chance(0.2) and head.xpos == "NNS":
                    form = pick(_NUMERALS)
                head.before.insert(0, ("nummod", Tree(form, form, "NUM", "CD")))
                if chance(0.12):
                    head.before.insert(0, ("det", _determiner("the")))
                return
            if form == "a" and first_word(head)[0] in "aeiou":
                form = "an"
            head.before.insert(0, ("det", _determiner(form)))

    def _follow(self, head: Tree, depth: int) -> None:
        chance = self.words.chance
        if chance(0.25):
            head.after.append(("nmod", self.prepositional(depth, "of")))
        elif chance(0.3):
            head.after.append(("nmod", self.prepositional(depth, "with")))
        else:
            head.after.append(("nmod", self.prepositional(depth)))


def measured(phrases: Phrases, depth: int) -> Tree:
    """As "a group of people", "the side of the road": the measure or region is the head."""
    region = phrases.words.chance(0.4)
    noun = phrases.words.word("region" if region else "collective")
    head = Tree(noun, noun, "NOUN", "NN")
    form = "the" if region else phrases.words.pick(("a", "a", "the"))
    if phrases.words.chance(0.15):
        head.before.append(("amod", phrases.words.adjective()))
    if form == "a" and first_word(head)[0] in "aeiou":
        form = "an"
    if phrases.words.chance(0.9):
        head.before.insert(0, ("det", _determiner(form)))
    content = phrases.noun_phrase(0, bare=0.1 if region else 0.8)
    content.before.insert(0, ("case", adposition("of")))
    head.after.append(("nmod", content))
    if depth > 0 and phrases.words.chance(0.3):
        head.after.append(("nmod", phrases.prepositional(depth - 1)))
    return head


def first_word(tree: Tree) -> str:
    """The word that the phrase begins with."""
    return tree.words()[0].form


def adposition(form: str) -> Tree:
    """A preposition."""
    return Tree(form, form, "ADP", "IN")


def adverb(form: str) -> Tree:
    """An adverb."""
    return Tree(form, form, "ADV", "RB")


def comma() -> Tree:
    """A comma."""
    return Tree(",", ",", "PUNCT", ",")


def _determiner(form: str) -> Tree:
    return Tree(form, "a" if form == "an" else form, "DET", "DT")
