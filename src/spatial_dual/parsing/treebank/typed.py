"""Sentences as people type them: headlines, requests, questions, lists, clauses with gaps."""

from spatial_dual.parsing.treebank.phrases import Phrases, adposition, comma
from spatial_dual.parsing.treebank.trees import Tree
from spatial_dual.parsing.treebank.words import Words

_REQUESTS = (
    "draw",
    "put",
    "place",
    "show",
    "make",
    "add",
    "paint",
    "move",
    "hang",
    "set",
    "sketch",
)
_ASKED = (("what", "PRON", "WP"), ("who", "PRON", "WP"), ("where", "ADV", "WRB"))


class Typed:
    """Draws sentences of forms that are rare in captions.

    Args:
        words: source of words and chances.
        phrases: builds noun phrases and places.
    """

    def __init__(self, words: Words, phrases: Phrases) -> None:
        self.words = words
        self.phrases = phrases

    def sentence(self) -> Tree:
        """One sentence of any of the forms."""
        forms = (
            *(self._headline, self._headline, self._headline, self._request, self._question),
            *(self._listed_things, self._listed_things, self._with_what_is_done, self._gapped),
            *(self._of_object, self._of_object, self._doing_in_place, self._doing_in_place),
        )
        return self.words.pick(forms)()

    def _headline(self) -> Tree:
        """As "children build sandcastles on the beach": no articles, verbs in the plural."""
        subject = self._bare("people", "animals")
        kind = "transitive" if self.words.chance(0.6) else "rest"
        verb = self.words.verb(kind)
        root = Tree(verb.base, verb.base, "VERB", "VBP", [("nsubj", subject)])
        if kind == "transitive":
            root.after.append(("obj", self._bare() if self.words.chance(0.7) else self._thing()))
        if kind == "rest" or self.words.chance(0.6):
            root.after.append(("obl", self.phrases.prepositional(0)))
        return root

    def _request(self) -> Tree:
        """As "move the chair in front of the window"."""
        verb = self.words.pick(_REQUESTS)
        root = Tree(verb, verb, "VERB", "VB", [], [("obj", self._thing())])
        root.after.append(("obl", self.phrases.prepositional(0)))
        return root

    def _question(self) -> Tree:
        """As "what is behind the couch", "is the lamp above the table"."""
        place = self.phrases.prepositional(0)
        be = Tree("is", "be", "AUX", "VBZ")
        if self.words.chance(0.5):
            form, upos, xpos = self.words.pick(_ASKED)
            place.before[:0] = [("nsubj", Tree(form, form, upos, xpos)), ("cop", be)]
        else:
            place.before[:0] = [("cop", be), ("nsubj", self.phrases.noun_phrase(0, bare=0))]
        place.after.append(("punct", Tree("?", "?", "PUNCT", ".")))
        return place

    def _listed_things(self) -> Tree:
        """As "a table with bread, cheese, grapes and a bottle of wine"."""
        first, *rest = [self._item() for _ in range(self.words.pick((3, 3, 4)))]
        for item in rest[:-1]:
            item.before.insert(0, ("punct", comma()))
            first.after.append(("conj", item))
        rest[-1].before.insert(0, ("cc", Tree("and", "and", "CCONJ", "CC")))
        if self.words.chance(0.3):
            rest[-1].before.insert(0, ("punct", comma()))
        first.after.append(("conj", rest[-1]))
        if self.words.chance(0.5):
            first.after.append(("nmod", self.phrases.prepositional(0)))
            return first
        place = self.words.pick(("with", "with", "on", "in", "near"))
        first.before.insert(0, ("case", adposition(place)))
        whole = self._thing()
        whole.after.append(("nmod", first))
        return whole

    def _with_what_is_done(self) -> Tree:
        """As "a tap with water dripping from it"."""
        verb = self.words.verb("rest")
        it = Tree("it", "it", "PRON", "PRP", [("case", adposition(self.phrases.preposition()))])
        doing = Tree(verb.gerund, verb.base, "VERB", "VBG", [], [("obl", it)])
        item = self._item()
        item.before.insert(0, ("case", adposition("with")))
        item.after.append(("acl", doing))
        whole = self._thing()
        whole.after.append(("nmod", item))
        return whole

    def _gapped(self) -> Tree:
        """As "the ball is in the box and the doll on the chair"; the second is a clause beside."""
        root = self.phrases.prepositional(0)
        be = Tree("is", "be", "AUX", "VBZ")
        root.before[:0] = [("nsubj", self._thing()), ("cop", be)]
        other = self._thing()
        joint = ("cc", Tree("and", "and", "CCONJ", "CC"))
        other.before.insert(0, joint if self.words.chance(0.7) else ("punct", comma()))
        other.after.append(("nmod", self.phrases.prepositional(0)))
        root.after.append(("parataxis", other))
        return root

    def _of_object(self) -> Tree:
        """As "the dog that the boy is holding is behind a fence"."""
        verb = self.words.verb("transitive")
        doer = self.words.noun(False, ("people",))
        doer.before.append(("det", Tree("the", "the", "DET", "DT")))
        clause = Tree(verb.present, verb.base, "VERB", "VBZ", [("nsubj", doer)])
        if self.words.chance(0.5):
            clause.form, clause.xpos = verb.gerund, "VBG"
            clause.before.append(("aux", Tree("is", "be", "AUX", "VBZ")))
        if self.words.chance(0.7):
            clause.before.insert(0, ("obj", Tree("that", "that", "PRON", "WDT")))
        item = self._thing()
        item.after.append(("acl:relcl", clause))
        root = self.phrases.prepositional(0)
        root.before[:0] = [("nsubj", item), ("cop", Tree("is", "be", "AUX", "VBZ"))]
        return root

    def _doing_in_place(self) -> Tree:
        """As "a mechanic repairs a car in a garage": the place is the doer's."""
        verb = self.words.verb("transitive")
        doer = self.words.noun(False, ("people", "animals"))
        doer.before.append(("det", Tree("a", "a", "DET", "DT")))
        root = Tree(verb.present, verb.base, "VERB", "VBZ", [("nsubj", doer)])
        root.after.append(("obj", self._item()))
        scene = self.words.word("scene")
        place = Tree(scene, scene, "NOUN", "NN", [("case", adposition(self.words.pick(_AT)))])
        place.before.append(("det", Tree(*self.words.pick(_ARTICLES))))
        root.after.append(("obl", place))
        return root

    def _bare(self, *kinds: str) -> Tree:
        """A plural without an article; some have an attribute."""
        noun = self.words.noun(True, kinds) if kinds else self.words.noun(True)
        if self.words.chance(0.2):
            noun.before.append(("amod", self.words.adjective()))
        return noun

    def _item(self) -> Tree:
        return self._bare() if self.words.chance(0.5) else self.phrases.noun_phrase(0)

    def _thing(self) -> Tree:
        return self.phrases.noun_phrase(0, bare=0)


_AT = ("in", "in", "on", "at", "behind", "under", "near")
_ARTICLES = (("a", "a", "DET", "DT"), ("the", "the", "DET", "DT"))
