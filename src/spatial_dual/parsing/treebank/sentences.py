"""Sentences and fragments that captions are made of, with their trees."""

from spatial_dual.parsing.treebank.phrases import Phrases, adposition, adverb, comma, measured
from spatial_dual.parsing.treebank.statements import Statements
from spatial_dual.parsing.treebank.trees import Tree
from spatial_dual.parsing.treebank.typed import Typed
from spatial_dual.parsing.treebank.words import Verb, Words

_BE = {"is": "VBZ", "are": "VBP", "was": "VBD", "were": "VBD"}


class Grammar:
    """Draws sentences: fragments, clauses, existential, fronted, coordinated.

    Args:
        words: source of words and chances.
    """

    def __init__(self, words: Words) -> None:
        self.words = words
        self.phrases = Phrases(words)
        self.statements = Statements(words, self.phrases)
        self.typed = Typed(words, self.phrases)

    def sentence(self) -> Tree:
        """One caption."""
        draw = self.words.chance
        if draw(0.12):
            return self.statements.caption()
        if draw(0.16):
            tree = self.typed.sentence()
        elif draw(0.3):
            tree = self._fragment()
        elif draw(0.22):
            tree = self._existential()
        elif draw(0.1):
            tree = self._fronted()
        else:
            tree = self._clause(2)
        if draw(0.06):
            tree.before[:0] = [("obl", self.phrases.prepositional(0)), ("punct", comma())]
        while draw(0.15):
            self._second_clause(tree)
        if draw(0.04):
            tree.after.append(("advmod", adverb(self.words.word("adverb"))))
        if draw(0.5):
            tree.after.append(("punct", Tree(".", ".", "PUNCT", ".")))
        return tree

    def _subject(self, depth: int) -> Tree:
        if self.words.chance(0.05):
            return self.phrases.pronoun(subject=True)
        return self._object(depth)

    def _object(self, depth: int) -> Tree:
        if self.words.chance(0.09):
            return measured(self.phrases, depth)
        head = self.phrases.listed(depth)
        if depth > 0 and self.words.chance(0.1):
            self._modify(head, depth - 1)
        return head

    def _modify(self, head: Tree, depth: int) -> None:
        """Add a reduced or a full relative clause."""
        if self.words.chance(0.72):
            head.after.append(("acl", self._participle(depth)))
            return
        pronoun = self.words.pick(("that", "that", "which", "who"))
        clause = self._predicate(depth, plural=head.xpos == "NNS")
        subject = Tree(pronoun, pronoun, "PRON", "WDT")
        passive = any(name == "aux:pass" for name, _ in clause.before)
        clause.before.insert(0, ("nsubj:pass" if passive else "nsubj", subject))
        if self.words.chance(0.1):
            clause.before.insert(0, ("punct", comma()))
        head.after.append(("acl:relcl", clause))

    def _place(self, depth: int, preposition: str | None = None) -> Tree:
        """A prepositional phrase; its noun may have a clause of its own."""
        ground = self.phrases.prepositional(depth, preposition)
        if self.words.chance(0.12 if depth else 0.05) and ground.upos == "NOUN":
            self._modify(ground, 0)
        return ground

    def _fragment(self) -> Tree:
        if self.words.chance(0.12):
            return measured(self.phrases, 1)
        bare = 0.45
        head = self.phrases.listed(0, bare)
        if self.words.chance(0.55):
            self._modify(head, 1)
        else:
            head.after.append(("nmod", self._place(1)))
            if self.words.chance(0.12):
                head.after.append(("nmod", self._place(0)))
        return head

    def _existential(self) -> Tree:
        subject = self._object(1)
        be = self._be(subject.xpos == "NNS")
        be.before.append(("expl", Tree("there", "there", "PRON", "EX")))
        be.after.append(("nsubj", subject))
        draw = self.words.chance(0.75)
        if draw and self.words.chance(0.62):
            subject.after.append(("nmod", self._place(1)))
        elif draw:
            self._modify(subject, 1)
        return be

    def _fronted(self) -> Tree:
        place = self._place(0)
        subject = self._object(0)
        if self.words.chance(0.4):
            be = self._be(subject.xpos == "NNS")
            be.before.append(("obl", place))
            if self.words.chance(0.5):
                be.before.append(("punct", comma()))
            be.before.append(("expl", Tree("there", "there", "PRON", "EX")))
            be.after.append(("nsubj", subject))
            return be
        if self.words.chance(0.5):
            place.after.append(("cop", self._be(subject.xpos == "NNS", "AUX")))
            place.after.append(("nsubj", subject))
            return place
        if self.words.chance(0.3):
            clause = self._clause(0)
            clause.before[:0] = [("obl", place), ("punct", comma())]
            return clause
        verb = self._finite(self.words.verb("rest"), subject.xpos == "NNS")
        verb.before.append(("obl", place))
        verb.after.append(("nsubj", subject))
        return verb

    def _clause(self, depth: int) -> Tree:
        subject = self._subject(1 if depth else 0)
        plural = subject.xpos == "NNS" or any(name == "conj" for name, _ in subject.after)
        root = self._predicate(depth, plural or subject.lemma == "they")
        passive = any(name == "aux:pass" for name, _ in root.before)
        root.before.insert(0, ("nsubj:pass" if passive else "nsubj", subject))
        return root

    def _predicate(self, depth: int, plural: bool) -> Tree:
        """What is said of a subject: place, quality, action or state."""
        draw = self.words.chance
        if draw(0.34):
            part = "of" if draw(0.04) else None
            root = self._copular(self._place(min(depth, 1), part), plural)
            if draw(0.15):
                self.phrases.join(root, self._place(0))
        elif draw(0.13):
            form = self.words.word("predicative")
            root = self._copular(Tree(form, form, "ADJ", "JJ"), plural)
            if draw(0.3):
                other = self.words.word("predicative")
                self.phrases.join(root, Tree(other, other, "ADJ", "JJ"))
            elif draw(0.2):
                root.before.insert(0, ("advmod", adverb(self.words.word("adverb_of_adjective"))))
        elif draw(0.04):
            root = self._copular(self.phrases.noun_phrase(min(depth, 1)), plural)
        else:
            root = self._action(depth, plural)
            if draw(0.1):
                self.phrases.join(root, self._action(0, plural))
        return root

    def _copular(self, root: Tree, plural: bool) -> Tree:
        place = next((i for i, (name, _) in enumerate(root.before) if name == "punct"), 0)
        root.before.insert(place, ("cop", self._be(plural, "AUX")))
        return root

    def _action(self, depth: int, plural: bool) -> Tree:
        draw = self.words.chance
        if draw(0.6):
            root = self._participle(depth)
            passive = root.xpos == "VBN"
            be = self._be(plural, "AUX")
            if passive and draw(0.1):
                can = Tree("can", "can", "AUX", "MD")
                root.before[:0] = [("aux", can), ("aux:pass", Tree("be", "be", "AUX", "VB"))]
            elif passive and draw(0.12):
                root.before[:0] = [("aux", be), ("aux:pass", Tree("being", "be", "AUX", "VBG"))]
            else:
                link = "cop" if root.upos == "ADJ" else "aux:pass" if passive else "aux"
                root.before.insert(0, (link, be))
                if draw(0.03):
                    root.before.insert(1, ("advmod", Tree("not", "not", "PART", "RB")))
            return root
        kind = self.words.pick(("rest", "transitive", "prepositional"))
        verb = self.words.verb(kind)
        root = self._finite(verb, plural)
        return self._complement(root, kind, verb, depth)

    def _participle(self, depth: int) -> Tree:
        kind = self.words.pick(
            ("rest", "rest", "transitive", "transitive", "prepositional", "passive", "passive")
        )
        verb = self.words.verb(kind)
        if self.words.chance(0.03):
            return self._attempt()
        if kind == "passive":
            root = Tree(verb.participle, verb.base, "VERB", "VBN")
        else:
            root = Tree(verb.gerund, verb.base, "VERB", "VBG")
        return self._complement(root, kind, verb, depth)

    def _complement(self, root: Tree, kind: str, verb: Verb, depth: int) -> Tree:
        draw = self.words.chance
        inner = min(depth, 1) if draw(0.6) else 0
        if kind == "transitive":
            item = self.phrases.pronoun() if draw(0.03) else self._object(inner)
            if draw(0.04):
                root.after.append(
                    (
                        "compound:prt",
                        Tree(up := self.words.pick(("up", "out", "down")), up, "ADP", "RP"),
                    )
                )
            root.after.append(("obj", item))
            if draw(0.33):
                root.after.append(("obl", self._place(0)))
            return root
        if draw(0.1):
            root.after.append(("advmod", adverb(self.words.word("adverb"))))
        if kind == "rest" and draw(0.1):
            return root
        usual = kind == "rest" or draw(0.25)
        preposition = None if usual else self.words.pick(verb.prepositions or ("on",))
        root.after.append(("obl", self._place(inner, preposition)))
        self._adjunct(root)
        return root

    def _adjunct(self, root: Tree) -> None:
        """Add a second place, an action beside it, a purpose or a scene; mostly nothing."""
        draw = self.words.chance
        if draw(0.1):
            root.after.append(("obl", self._place(0)))
        elif draw(0.06):
            clause = self._participle(0)
            if draw(0.5):
                clause.before.insert(0, ("mark", Tree("while", "while", "SCONJ", "IN")))
            root.after.append(("advcl", clause))
        elif draw(0.03):
            root.after.append(("advcl", self._infinitive()))
        elif draw(0.04):  # "standing there with a dog sitting beside him"
            scene = self.phrases.noun_phrase(0)
            scene.before.insert(0, ("case", adposition("with")))
            scene.after.append(("acl", self._participle(0)))
            root.after.append(("obl", scene))

    def _attempt(self) -> Tree:
        """As "trying to hit a ball", "getting ready to hit a ball"."""
        form, lemma = self.words.pick(
            (("trying", "try"), ("about", "about"), ("preparing", "prepare"), ("ready", "ready"))
        )
        if form.endswith("ing"):
            return Tree(form, lemma, "VERB", "VBG", [], [("xcomp", self._infinitive())])
        ready = Tree(form, lemma, "ADJ", "JJ", [], [("xcomp", self._infinitive())])
        if form == "ready" and self.words.chance(0.5):
            return Tree("getting", "get", "VERB", "VBG", [], [("xcomp", ready)])
        return ready

    def _infinitive(self) -> Tree:
        verb = self.words.verb("transitive")
        to = Tree("to", "to", "PART", "TO")
        return Tree(
            *(verb.base, verb.base, "VERB", "VB"), [("mark", to)], [("obj", self._object(0))]
        )

    def _second_clause(self, first: Tree) -> None:
        drawn = self.words.pick((self._fronted, self._existential, None, None, None))
        clause = drawn() if drawn else self._clause(0)
        kind = self.words.pick(("and", "and", "and", "while", "while", "as", ";"))
        if kind == ";":
            clause.before.insert(0, ("punct", Tree(";", ";", "PUNCT", ":")))
            first.after.append(("parataxis", clause))
        elif kind != "and":
            clause.before.insert(0, ("mark", Tree(kind, kind, "SCONJ", "IN")))
            if self.words.chance(0.5):
                clause.before.insert(0, ("punct", comma()))
            first.after.append(("advcl", clause))
        else:
            self.phrases.join(first, clause)

    def _finite(self, verb: Verb, plural: bool) -> Tree:
        form, tag = (verb.base, "VBP") if plural else (verb.present, "VBZ")
        if self.words.chance(0.06):
            form, tag = verb.past, "VBD"
        return Tree(form, verb.base, "VERB", tag)

    def _be(self, plural: bool, upos: str = "VERB") -> Tree:
        forms = ("are", "are", "are", "were") if plural else ("is", "is", "is", "was")
        form = self.words.pick(forms)
        return Tree(form, "be", upos, _BE[form])
