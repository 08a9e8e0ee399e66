"""YAML from outside: plain values, or an error before it takes memory or time."""

from __future__ import annotations

import pytest
import yaml

from ppocr.utils import yaml_files
from ppocr.utils.exits import DataError
from ppocr.utils.yaml_files import parse_yaml, read_yaml

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_values_are_plain_and_aliases_may_be_used(tmp_path):
    path = tmp_path / "inference.yml"
    path.write_text("shapes: &s [[1, 3], [2.5, no]]\nsame: *s\ntext: é\n", encoding="utf-8")
    found = read_yaml(path)
    assert found == {"shapes": [[1, 3], [2.5, False]], "same": [[1, 3], [2.5, False]], "text": "é"}
    assert read_yaml(path, as_text=True)["same"] == [["1", "3"], ["2.5", "no"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "more values or levels"),
        ("A: " + "[" * 200_000 + "]" * 200_000, "more values or levels"),
        ("A: &a [1, *a]", "holds itself"),
        ("A: *nowhere", "stands for nothing"),
        ("A: [1, 2", "not readable YAML"),
        ("A: !!python/object/apply:os.system [ls]", "not readable YAML"),
        (b"A: \xff", "not readable YAML"),
    ],
)
def test_what_is_refused(text, said):
    with pytest.raises(DataError, match=said) as caught:
        parse_yaml(text, "of the model")
    assert "of the model" in str(caught.value)


def test_a_description_with_the_largest_dictionary_is_far_from_the_bounds():
    characters = [chr(0x4E00 + number) for number in range(20_000)]
    text = yaml.safe_dump({"PostProcess": {"character_dict": characters}}, allow_unicode=True)
    assert parse_yaml(text, "large")["PostProcess"]["character_dict"] == characters
    assert 50 * len(characters) <= yaml_files.MOST_VALUES
