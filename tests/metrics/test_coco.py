import importlib.util
import shutil

import pytest

from spatial_dual.metrics import coco

REFERENCES = [
    ["a red cup on a table", "the cup stands on the table"],
    ["a dog in front of a blue box", "a box behind a dog"],
    ["a lamp above a green chair", "a chair under the lamp"],
]
TRUE = [group[0] for group in REFERENCES]
FALSE = TRUE[1:] + TRUE[:1]


@pytest.fixture
def installed():
    if importlib.util.find_spec(coco.PACKAGE) is None:
        pytest.skip("pycocoevalcap is not installed")


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("java") is None


def test_without_the_package_the_reason_stands_in_the_place_of_figures(monkeypatch):
    monkeypatch.setattr(coco, "PACKAGE", "package_that_there_is_not")
    assert set(coco.coco_scores(TRUE, REFERENCES).values()) == {coco.NO_PACKAGE}


@pytest.mark.usefixtures("installed")
@pytest.mark.skipif(not shutil.which("java"), reason="METEOR needs Java")
def test_captions_that_are_references_reach_the_largest_meteor():
    assert coco.coco_scores(TRUE, REFERENCES)["meteor"] == pytest.approx(100)


@pytest.mark.usefixtures("installed", "no_java")
def test_cider_needs_no_java():
    """And references reach its largest value, captions of other pictures a small one."""
    alone = [[text] for text in TRUE]
    assert coco.coco_scores(TRUE, alone) == {"cider": pytest.approx(1000), "meteor": coco.NO_JAVA}
    assert 0 <= coco.coco_scores(FALSE, REFERENCES)["cider"] < 100
