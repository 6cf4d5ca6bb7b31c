import pytest

from spatial_dual.scene.text import clean_caption


def test_captions_have_one_normal_form():
    messy = "  A\u00a0\u201ccafe\u0301\u201d \U0001f600 sign\x07 ,\tred\u200b ."
    assert clean_caption(messy) == 'A "café" sign, red.'
    assert clean_caption(clean_caption(messy)) == clean_caption(messy)
    with pytest.raises(ValueError, match="10000 words"):
        clean_caption("word " * 10_000)
