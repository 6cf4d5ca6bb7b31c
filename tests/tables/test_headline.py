"""The headline tables are the metrics, nothing else."""

import re

from spatial_dual.tables.headline import headline

PROTOCOL = {"split": "test", "samples": 500, "seed": 0, "steps": 6, "guidance": 3.0}
DRAWN = {"object_accuracy": 0.5, "object_accuracy_upper": 0.8, "n": 500, "chosen_from": 1}
METRICS = {
    "draw": {
        "single": {**DRAWN, "seen": {"object_accuracy": 0.6, "n": 250}, "new": {"n": 250}},
        "system": {**DRAWN, "object_accuracy": 0.7, "chosen_from": 4},
    },
    "graph_diffusion": {"baseline_depth": {"recall": 0.25, "attributed": {"precision": 0.125}}},
    "bounds": {"val": {"graph_given_text": 0.375, "n": 4}},
    "refused": {"draw.single.new.object_accuracy": "nothing to count in these data"},
    "protocol": PROTOCOL,
}


def cells(text, name):
    line = re.search(rf"^\| {re.escape(name)} \|(.*)\|$", text, re.MULTILINE)
    return [cell.strip() for cell in line[1].split("|")]


def test_single_system_bound_and_compositions_stand_side_by_side():
    text = headline(METRICS)
    assert cells(text, "drawn: stated objects") == ["0.500", "0.700", "0.800", "0.600", "–"]
    assert "system: of 4 drawings, – descriptions" in text
    assert "500 scenes of the test split" in text
    assert "| val, 4 records | test, – records |" in text
    assert "250 of seen compositions, 250 of new ones" in text


def test_what_was_refused_or_not_measured_is_a_dash():
    text = headline(METRICS)
    assert cells(text, "from image: rules on perceived depth") == [
        *("0.250", "–", "–", "–", "–", "–", "0.125")
    ]
    assert cells(text, "3DSG given text") == ["0.375", "–"]
    empty = headline({"refused": {}, "protocol": PROTOCOL})
    assert not re.search(r"\| [\d.]+ \|", empty)


def test_every_row_fits_its_heading():
    for table in headline(METRICS).split("\n\n")[1:]:
        assert len({line.count("|") for line in table.strip().splitlines()}) == 1
