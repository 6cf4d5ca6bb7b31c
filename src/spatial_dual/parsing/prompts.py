"""Sentences as people type them → plain statements: requests, questions, talk of the picture.

All rules work on lower-case text of one sentence, before words are looked at; they leave words out
and put forms of "be" in, and never a noun.
"""

import re
from typing import NamedTuple

_SENTENCE = re.compile(r"[^.!?;]+[.!?;]*")
_DETERMINER = (
    r"(?:an?|the|some|two|three|four|five|six|seven|eight|nine|ten|several|many|his|her|its|their"
    r"|my|your|our|this|that|these|those|another|one|no|\d+)"
)
_POLITE = (
    r"(?:(?:please|pl[sz]|plse|kindly|now|then|also|and|ok(?:ay)?|hi|hello|hey),? )*"
    r"(?:(?:can|could|would|will) you (?:please )?)?"
    r"(?:(?:try to|go ahead and|help me(?: to)?|(?:your|the) task is to"
    r"|(?:i (?:want|need)|i(?: would|'d) like) you to|you (?:should|must)) )?"
)
_DEPICT = (
    r"(?:draw|generate|create|imagine|visuali[sz]e|depict|illustrate|render|sketch|draft|compose)"
)
_REQUEST = re.compile(
    rf"^{_POLITE}(?:"
    rf"{_DEPICT}(?: (?:me|us))?(?:,|(?= ?:)|(?! (?:of|on|in|is|are|that|with|by|for|at)\b))"
    r"|(?:show|give|make|bring|get|paint|find) (?:me|us)(?= )"
    r"|(?:show|make|paint|picture|design|produce|display|put|place|add|set|hang|lay|position|insert"
    r"|arrange|include|stick|park|give|move|shift|keep|drop|attach)"
    rf"(?= {_DETERMINER} )"
    r"|(?:i|we|you)(?: (?:just|really|only))?"
    r"(?: (?:want|need|wish for|imagine|would (?:like|love|prefer)|like|can see|see"
    r"|am looking for|are looking for)|'d (?:like|love|prefer)|'m looking for)"
    rf"(?: to (?:see|have|get|{_DEPICT[3:-1]}|paint|make)(?: me)?)?(?= )"
    r"|looking for|let (?:there be|us (?:draw|have|see)|me see)|let's (?:draw|have|see)"
    r"|there (?:should|must|shall) be"
    r")(?: ?:)? "
)
_AGAIN = re.compile(
    rf",? (?:and|then|and then) (?:{_DEPICT}|put|place|add|set|hang|paint|include)"
    rf"(?= {_DETERMINER} )"
)
"""A second request of a sentence: "… and place two chairs under it"."""
_POLITE_END = re.compile(r",? (?:please|pl[sz]|thx|for me|thanks|thank you)(?=[.!?]*$)")
_LOOK = (
    r"(?:black[- ]and[- ]white|aerial|blurry|nice|beautiful|old|colou?r(?:ful)?|vintage|cropped"
    r"|zoomed(?:[- ]in)?|detailed|top|side|front|back|rear|wide|night|overhead|small|large|big|3d"
    r"|2d|digital|high[- ]quality|(?:photo-?)?realistic|cinematic|studio|macro|panoramic|pencil"
    r"|extreme|simple|flat|scenic|bird's[- ]eye|close|closer|partial|full|stock|amateur|outdoor"
    r"|indoor|oil|line|single|good|great|(?:high|low|wide)[- ]angle|grainy|dark|sharp|medium"
    r"|eye[- ]level|full[- ]body|long|short|candid|bright|clear|moody|funny)"
)
_PICTURE = (
    r"(?:close[- ]?ups?|photo(?:graph)?s?|pictures?|images?|shots?|snapshots?|views?|scenes?"
    r"|renders?|renderings?|illustrations?|drawings?|sketch(?:es)?|cartoons?|screenshots?|snaps?"
    r"|selfies?|pics?|clip ?art|wallpaper|stills?)"
)
_OF_PICTURE = re.compile(
    r"^(?:(?:this|that|it|here|there) is )?(?:(?:an?|the|this|that|one|another|my) )?"
    rf"(?:{_LOOK},? )*"
    rf"{_PICTURE}(?: {_PICTURE})*,?"
    r"(?P<link> of| with| ?:|(?<=,)| showing| shows?| depicting| depicts?| contains?| features?"
    r"| featuring"
    r"| (?:is|are) of| where)(?= )"
)
_HANGS = re.compile(
    r"\b(?:hangs?|is|are|was|were|sits?|stands?|lies?|leans?|on (?:the|an?) (?:wall|door|shelf))\b"
)
_ANGLE = re.compile(
    r"(?:,|\bas)? (?:photographed|seen|shot|viewed|taken|captured|pictured)"
    r" (?:from (?:above|below|behind|afar|a distance|(?:very )?close|high up|far away"
    r"|an? (?:low|high|wide)[- ]angle|the (?:front|side|back|air|top|bottom|left|right|ground))"
    r"|up close|outdoors?|indoors?|at night|in (?:black and white|profile|colou?r))(?=,|[.!]*$)"
)
_CLAUSE = re.compile(r"\b(?:that|which|who) (?:is|are|was|were|sits?|stands?|lies?|leans?)\b")
_NEXT_CLAUSE = re.compile(r",? (?:while|as|and|but) ")
_IN_PICTURE = re.compile(
    r"^(?:in|on|at|to) (?:the|this|that) (?:(?:far |upper |lower |very )?(?:left|right|top|bottom"
    r"|middle|center|centre|corner|side|front|back|foreground|background|edge)"
    r"(?: hand| side| part| corner| half)* of (?:the|this) )?"
    rf"(?:{_LOOK} )*(?:{_PICTURE}|(?:fore|back)ground),? (?=\w)"
)
_EXCLAMATION = re.compile(r"^(?:what an?\b|how (?!many\b|much\b|far\b))")
_QUESTION_WORD = re.compile(r"^(?:and )?(?:what|who|whom|where|which|when|why|how)\b")
_ASKING = re.compile(
    r"^(?:and )?(?:"
    r"(?:what|which|how many|how much)(?: (?:kind|type|sort) of)?"
    r"(?: (?!is |are |was |were |do |does |did |can |has |have )\w+)?"
    r"(?: (?:do|does|did|can|could) (?:you|we) see)?"
    r"|(?:what|who|whom|where|when|why|how)"
    r")?(?:'s|'re)? ?(?:(?:is|are|was|were|do|does|did|can|could|has|have|will)\b)?"
    r"(?: (?:there|you see|we see|that|this)\b)?(?: any\b)? ?"
)

_DOING = re.compile(r" \w+ing(?: (?:on|in|at|with|to))?(?=[.?!]*$)")
"""End of "what is the woman holding?"."""


class Statement(NamedTuple):
    """What one sentence of a text says.

    Attributes:
        text: lower case, without the request and the talk of the picture.
        asked: whether it is a question, which presupposes its things and states nothing.
    """

    text: str
    asked: bool = False


def statements(text: str) -> list[Statement]:
    """Sentences of a lower-case text, each as a plain statement or as what a question is about."""
    return [_plain(match[0].strip()) for match in _SENTENCE.finditer(text)]


def _plain(sentence: str) -> Statement:
    request = _REQUEST.match(sentence)
    if request:
        sentence = _AGAIN.sub(" ; ", _POLITE_END.sub("", sentence[request.end() :]))
    elif _asks(sentence):
        return Statement(_DOING.sub("", _ASKING.sub("", sentence, count=1)), asked=True)
    return Statement(_without_picture(sentence))


def _asks(sentence: str) -> bool:
    wondering = _QUESTION_WORD.match(sentence) and not _EXCLAMATION.match(sentence)
    return bool(wondering) or sentence.endswith("?")


def _without_picture(sentence: str) -> str:
    """Leave out "a photo of"; not where the photo is the thing that hangs somewhere."""
    sentence = _ANGLE.sub("", _IN_PICTURE.sub("", sentence))
    found = _OF_PICTURE.match(sentence)
    if found is None:
        return sentence
    rest = sentence[found.end() :].strip()
    said = _NEXT_CLAUSE.split(_CLAUSE.sub("", rest))[0]
    is_thing = found["link"] in (" of", " with") and _HANGS.search(said)
    return sentence if is_thing else rest
