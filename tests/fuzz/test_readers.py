"""Whatever a file holds: it is read, or its user is told where it is wrong. Corpus first, then a fixed number of mutations of it.

A file that once broke a reader belongs into `corpus/`, in the folder of its target.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import mutated
from tests.fuzz.targets import ROOT, TARGETS, judged

CORPUS = Path(__file__).parent / "corpus"
NUMBER = {"scenario": 60, "lab": 150, "sentence": 600, "zone": 300, "import": 150}


def seeds(target: str) -> dict[str, str]:
    """Name -> text, of the corpus and of the project's own files."""
    files = {file.name: file for file in sorted((CORPUS / target).iterdir())}
    if target == "scenario":
        files |= {file.name: file for file in sorted((ROOT / "scenarios").glob("*.yaml"))}
    elif target == "lab":
        files |= {file.name: file for file in sorted((ROOT / "scenarios" / "labs").glob("*.yaml"))}
    return {name: file.read_text(encoding="utf-8", errors="surrogateescape") for name, file in files.items()}


SEEDS = {target: seeds(target) for target in TARGETS}
WORDS = {
    target: tuple(sorted({word for text in texts.values() for word in re.findall(r"[A-Za-z][\w-]+", text[:50_000])}))
    for target, texts in SEEDS.items()
}  # fmt: skip


@pytest.mark.parametrize(("target", "name"), [(t, n) for t, texts in SEEDS.items() for n in texts])
def test_every_file_of_the_corpus_is_read_or_told_about(target: str, name: str) -> None:
    judged(target, SEEDS[target][name], name)


@pytest.mark.parametrize("target", TARGETS)
def test_some_of_the_corpus_is_good(target: str) -> None:
    """Or the mutations would be mutations of nothing."""
    assert "" in {judged(target, text, name) for name, text in SEEDS[target].items()}


@pytest.mark.parametrize("target", TARGETS)
def test_a_file_with_a_few_changes_is_read_or_told_about(target: str) -> None:
    names = sorted(SEEDS[target])

    @settings(derandomize=True, max_examples=NUMBER[target])
    @given(st.integers(0, 2**32))
    def holds(number: int) -> None:
        chance = Random(number)
        name = chance.choice(names)
        judged(target, mutated(chance, SEEDS[target][name], WORDS[target]), name)

    holds()


@pytest.mark.parametrize("target", TARGETS)
def test_any_text_at_all_is_read_or_told_about(target: str) -> None:
    @settings(derandomize=True, max_examples=200)
    @given(st.text(max_size=300))
    def holds(text: str) -> None:
        judged(target, text, "any.txt")

    holds()
