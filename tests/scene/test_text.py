import pytest

from spatial_dual.scene.text import clean_caption


def test_captions_have_one_normal_form():
    messy = "  A\u00a0\u201ccafe\u0301\u201d \U0001f600 sign\x07 ,\tred\u200b ."
    assert clean_caption(messy) == 'A "café" sign, red.'
    assert clean_caption(clean_caption(messy)) == clean_caption(messy)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("word " * 10_000, "about 10000 words"),
        ("no " * 101, "caption of 101 words"),
        ("x" * 100_000, "100000 characters"),
    ],
)
def test_endless_captions_are_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        clean_caption(text)


@pytest.mark.parametrize(
    ("messy", "clean"),
    [
        ("", ""),
        (" \t\n", ""),
        ("🐱🐶🔥", ""),
        ("a 🐱 on\x00a\x1b[31m mat", "a on a [31m mat"),
        ("\u202eחתול על שולחן\u202c", "חתול על שולחן"),
        ("قِطّة", "قطة"),
        ("z\u0335\u0322a\u0336lgo \ud800 cat", "zalgo cat"),
        ("ａ\u3000ｃａｔ", "a cat"),
        ("a dog", "a dog"),
    ],
)
def test_any_script_and_symbol_has_a_normal_form(messy, clean):
    assert clean_caption(messy) == clean
    assert clean_caption(clean) == clean
