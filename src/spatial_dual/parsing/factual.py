"""FACTUAL (Li et al., ACL Findings 2023): its notation of graphs, and its parser of captions.

``( man , hold , umbrella ) , ( umbrella , is , red ) , ( dog )``: a fact is an object, what it is,
or what it does to another. The parser is a Flan-T5 that writes this of a text.
"""

import re
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

from pydantic import ValidationError

from spatial_dual.parsing.lexicon import load_lexicon, singular, third_person
from spatial_dual.perception.hub.checkpoints import pretrained, pretrained_model
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.text import clean_caption, clean_label

PUBLISHED = "lizhuang144/flan-t5-base-VG-factual-sg"
"""The authors' checkpoint on the hub."""
PROMPT = "Generate Scene Graph: "
LONGEST = 200
"""Tokens of a graph, as of the authors' parser."""
BATCH = 32
_FACT = re.compile(r"\(([^()]*)\)")
_SIDE_OF = re.compile(r"\b(?:on|in|at|by|along) (?:the )?(?:left |right )?(side|edge|corner) of$")


def read_facts(text: str) -> tuple[SceneGraph, list[str]]:
    """The graph of FACTUAL's notation, and what of it no graph can hold.

    Words are put in normal form, equal nouns are one object. "is" states an attribute; every other
    predicate stays as written, with the source "text".

    Raises:
        ValueError: a part of it is no fact.
    """
    attributes: dict[str, list[str]] = {}
    stated: list[tuple[str, str, str]] = []
    for written in _FACT.findall(text):
        subject, *rest = (part.strip() for part in written.split(","))
        if not subject or len(rest) not in (0, 2) or not all(rest):
            raise ValueError(f"( {written.strip()} ) is no fact")
        subject, rest = clean_label(subject), [*rest[:1], *map(clean_label, rest[1:])]
        attributes.setdefault(subject, [])
        if rest and rest[0] == "is":
            attributes[subject].append(rest[1])
        elif rest:
            attributes.setdefault(rest[1], [])
            stated.append((subject, *rest))
    place = {noun: index for index, noun in enumerate(attributes)}
    relations: dict[Relation, None] = {}
    problems = []
    for subject, predicate, target in stated:
        first, second = place[subject], place[target]
        try:
            fact = Relation(subject=first, predicate=predicate, object=second, source="text")
            relations[fact] = None
        except ValidationError as error:
            problems.append(f"( {subject} , {predicate} , {target} ): {error.errors()[0]['msg']}")
    objects = (
        SceneObject(label=noun, attributes=tuple(dict.fromkeys(words)))
        for noun, words in attributes.items()
    )
    return SceneGraph(objects=tuple(objects), relations=tuple(relations)), problems


@cache
def our_predicate(predicate: str) -> str:
    """FACTUAL's base forms and free prepositions in our words, by the lexicon of the parsers.

    "hold" → "holds", "sit on" → "on", "on top of" → "on", "by" → "next to"; words of ours stay.
    """
    lexicon = load_lexicon()
    verb, _, rest = predicate.partition(" ")
    is_verb = verb in {base for base, _ in lexicon.verbs.values()}
    place = rest if is_verb else predicate
    if _SIDE_OF.search(place):
        place = place.split()[0]
    # some relations are known by the article behind them
    found = lexicon.phrases.match(f"{place} the thing")
    if found is not None and found.end() == len(place):
        place = lexicon.predicates[found.lastindex or 0] or place
    place = "next to" if place == "by" else place
    if is_verb and place and verb in lexicon.resting:
        return place
    return " ".join(filter(None, (third_person(verb) if is_verb else "", place)))


class FactualParser:
    """``TextGraphParser`` by a sequence-to-sequence checkpoint that writes FACTUAL's notation.

    Loaded with the first text; words are put as those of the other parsers.

    Args:
        name: of the hub, or a folder made by ``save_pretrained``.
    """

    def __init__(self, name: str = PUBLISHED) -> None:
        self._name = name

    @cached_property
    def _models(self) -> tuple[Any, Any]:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        what = "parsing.factual"
        tokenizer = pretrained(AutoTokenizer.from_pretrained, self._name, what)
        return tokenizer, pretrained_model(AutoModelForSeq2SeqLM, self._name, what).eval()

    def parse(self, texts: Sequence[str]) -> list[SceneGraph]:
        """One graph a caption (see ``interface.TextGraphParser``); what is no notation is left out.

        Raises:
            ValueError: the checkpoint cannot be loaded.
        """
        cleaned = [_clean(text) for text in texts]
        asked = [text for text in dict.fromkeys(cleaned) if any(map(str.isalpha, text))]
        written: dict[str, str] = {}
        for start in range(0, len(asked), BATCH):
            batch = asked[start : start + BATCH]
            written |= zip(batch, self._write(batch), strict=True)
        return [_in_our_words(_readable(written.get(text, ""))) for text in cleaned]

    def _write(self, texts: Sequence[str]) -> list[str]:
        import torch

        from spatial_dual.models.finite import NumbersAlone

        tokenizer, model = self._models
        given = tokenizer([PROMPT + text for text in texts], return_tensors="pt", padding=True)
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            codes = model.generate(
                **given,
                max_new_tokens=LONGEST,
                num_beams=1,
                do_sample=False,
                logits_processor=NumbersAlone.only("the parser of parsing.factual"),
            )
        return list(tokenizer.batch_decode(codes, skip_special_tokens=True))


def _clean(text: str) -> str:
    try:
        return clean_caption(text)
    except ValueError:  # too long to be a caption
        return ""


def _readable(written: str) -> SceneGraph:
    facts = []
    for fact in _FACT.findall(written):
        try:
            read_facts(f"( {fact} )")
        except ValueError:
            continue
        facts.append(f"( {fact.lower()} )")
    return read_facts(" , ".join(facts))[0]


def _in_our_words(graph: SceneGraph) -> SceneGraph:
    objects = tuple(
        item.model_copy(update={"label": singular(item.label)}) for item in graph.objects
    )
    relations: dict[tuple[int, str, int], Relation] = {}
    for relation in graph.relations:
        predicate = our_predicate(relation.predicate)
        key = (relation.subject, predicate, relation.object)
        relations[key] = relation.model_copy(update={"predicate": predicate})
    return SceneGraph(objects=objects, relations=tuple(relations.values()))
