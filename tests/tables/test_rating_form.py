import re

import numpy as np
import pytest

from spatial_dual.tables.rating_form import QUESTIONS, Item, make_form, read_returned

GREY = np.zeros((1, 4, 4, 3), np.uint8)


def items() -> list[Item]:
    return [
        Item(system, question, f"{k}", f"text {k} & <more>", GREY + 10 * k)
        for k in range(4)
        for system in ("sd3", "secret_baseline")
        for question in QUESTIONS
    ]


def test_form_is_blind_whole_and_repeatable():
    form = make_form(items(), seed=0)
    assert form == make_form(items(), seed=0)
    assert "secret_baseline" not in form.html
    assert "sd3" not in form.html
    assert form.html.count("<section") == len(items())
    assert "text 1 &amp; &lt;more&gt;" in form.html
    assert "{{" not in form.html
    assert not re.search(r'(src|href)="(?!data:)', form.html)


def test_items_are_shuffled_and_the_key_knows_them():
    form, other = make_form(items(), seed=0), make_form(items(), seed=1)
    assert form.key != other.key
    assert form.name != other.name
    assert sorted(map(str, form.key)) == sorted(map(str, other.key))
    sections = form.html.split("<section")[1:]
    for section, entry in zip(sections, form.key, strict=True):
        assert QUESTIONS[entry.question] in section
        assert f"text {entry.sample} " in section


def returned(form, changes=()):
    return {"form": form.name, "rater": "a", "ratings": {"0": 5, "3": 1}} | dict(changes)


def test_ratings_come_back_under_their_systems():
    form = make_form(items(), seed=0)
    rows = read_returned(form.key_json(), {"b.json": returned(form)})
    assert rows == [
        ("a", form.key[0].system, form.key[0].question, 0, 5),
        ("a", form.key[3].system, form.key[3].question, 3, 1),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"form": "other"}, r"x\.json: form: rates form 'other'"),
        ({"ratings": {"0": 6}}, r"x\.json: ratings\.0: 6 is no rating"),
        ({"ratings": {"99": 3}}, r"x\.json: ratings\.99"),
    ],
)
def test_bad_files_are_named(changes, message):
    form = make_form(items(), seed=0)
    with pytest.raises(ValueError, match=message):
        read_returned(form.key_json(), {"x.json": returned(form, changes)})


def test_a_rater_counts_once():
    form = make_form(items(), seed=0)
    both = {"x.json": returned(form), "y.json": returned(form)}
    with pytest.raises(ValueError, match=r"y\.json: rater 'a' is in x\.json too"):
        read_returned(form.key_json(), both)
    with pytest.raises(ValueError, match=r"z\.json: not a file that the form saved"):
        read_returned(form.key_json(), {"z.json": []})


def test_no_items_are_refused():
    with pytest.raises(ValueError, match="at least one item"):
        make_form([], seed=0)
