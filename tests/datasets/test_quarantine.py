import json

import pytest

from spatial_dual.datasets.quarantine import Finding, Quarantine, TooMuchLeftOutError


def finding(number, left_out="record"):
    return Finding("photos.json", f"photo-{number}", "zero bytes", left_out)


def test_findings_come_back_from_json():
    quarantine = Quarantine("train", 10, 0.5)
    parts = [{"id": ["a"]}, finding(1), finding(2, "caption"), {"id": ["b"]}]
    assert list(quarantine.kept(iter(parts))) == [{"id": ["a"]}, {"id": ["b"]}]
    body = json.loads(json.dumps(quarantine.to_dict()))
    assert body["counts"] == {"record": 1, "caption": 1}
    assert Quarantine.from_dict(body) == quarantine
    with pytest.raises(ValueError, match="schema_version 9, expected 1"):
        Quarantine.from_dict(body | {"schema_version": 9})


def test_only_whole_records_count_against_the_share():
    quarantine = Quarantine("val", 10, 0.2)
    for number in range(2):
        quarantine.add(finding(number))
    for number in range(20):
        quarantine.add(finding(number, "relation"))
    with pytest.raises(
        TooMuchLeftOutError, match=r"3 of the 10 .*'val'(.|\n)*photo-0(.|\n)*photo-9"
    ):
        quarantine.add(finding(9))


def test_a_long_list_says_how_much_is_not_shown():
    quarantine = Quarantine("train", 100, 0.6)
    for number in range(60):
        quarantine.add(finding(number))
    with pytest.raises(TooMuchLeftOutError, match=r"61 of the 100(.|\n)*and 11 before these"):
        quarantine.add(finding(60))
