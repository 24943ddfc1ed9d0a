"""Every command and every YAML block of README and docs/ is run, page by page and in order; what is not is counted."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import COMMANDS, main
from simulator.files import read_text
from simulator.plan.messages import planned_message
from simulator.runner import Options, Runner
from simulator.scenario.model import Send
from simulator.scenario.scenario import load_scenario
from tests.doors.pages import ROOT, Item, items_of, pages
from tests.doors.projects import a_project

# page: commands that are run, blocks that are run or saved for them, and what is not run here
COUNTS = {
    "README.md": (10, 1, 0),
    "docs/ci.md": (18, 0, 4),
    "docs/contributing.md": (0, 0, 1),
    "docs/design.md": (0, 0, 0),
    "docs/dispositions.md": (0, 8, 0),
    "docs/faults.md": (0, 2, 0),
    "docs/headers.md": (3, 0, 0),
    "docs/migrating.md": (0, 0, 9),
    "docs/python.md": (0, 0, 0),
    "docs/running.md": (0, 0, 18),
    "docs/scenario.md": (0, 1, 0),
    "docs/teaching.md": (30, 1, 0),
}
NOT_RUN = ("not run: ", "a recipe: ")
OTHERS = (
    "text",
    "toml",
    "python",
    "json",
    "powershell",
    "dns",
    "diff",
    "mermaid",
)  # drawings; what a reader saves or pastes; the settings and the test of the Python page are run by test_docs.py


def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, what: str) -> None:
    folder = tmp_path / f"folder {number}"
    folder.mkdir()
    if what == "a folder with the scenarios":
        shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    elif what == "a folder with a scenario":
        a_project(folder)
    elif what != "an empty folder":
        raise AssertionError(f"no such beginning: {what}")
    monkeypatch.chdir(folder)


def is_run(item: Item) -> bool:
    return not item.note.startswith(NOT_RUN) and item.note != "until Ctrl-C"


def run_command(item: Item) -> None:
    if lab := re.search(r"\bprepared: ([^\s,]+)", item.note):
        Path("message.eml").write_bytes(a_message(Path(lab[1])))
    wanted = re.search(r"\bexit (\d+)", item.note)
    with contextlib.chdir("."):  # -C goes elsewhere
        result = CliRunner().invoke(main, shlex.split(item.text)[1:], prog_name="mailflow")
    assert (int(wanted[1]) if wanted else 0) == result.exit_code, (item, result.output[-3000:])


def a_message(lab_file: Path) -> bytes:
    """Sun's message as it would be saved from John's mailbox."""
    from simulator.cli.which_lab import the_lab

    chosen = the_lab(lab_file)
    people = chosen.lab.people
    send = Send(people["Sun"].address, (people["John"].address,), "Sun")
    last = planned_message(chosen.lab, chosen.tree, (send,), chosen.begin).of("accepted")[-1]
    return "\r\n".join([*last["headers"], "", "Hello", ""]).encode()


def run_block(item: Item) -> None:
    text = item.text
    if saved := re.search(r", saved as (\S+)$", item.note):
        Path(saved[1]).write_text(text, encoding="utf-8")
        return
    if lab := re.match(r"flows of (\S+)$", item.note):
        text = f"scenario: a page\nlab: {lab[1]}\n{text}"
    assert re.search(r"^scenario:", text, re.M), f"line {item.line}: a block that is no scenario needs a mark"
    scenario = load_scenario(lambda name: text if name == "page.yaml" else read_text(name), "page.yaml")
    results = list(Runner(Options()).run([scenario]).flows())
    assert [(f.flow.name, "pass") for f in results] == [(f.flow.name, f.status) for f in results]
    assert results


@pytest.mark.parametrize("page", pages())
def test_what_a_page_shows_is_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_folder(tmp_path, monkeypatch, 0, "a folder with the scenarios")
    commands = blocks = skipped = 0
    elsewhere = False
    for number, item in enumerate(items_of(page), 1):
        if item.kind == "folder" and item.text.startswith("another test: "):
            elsewhere = (ROOT / "tests" / "doors" / item.text.removeprefix("another test: ")).is_file()
            assert elsewhere, item
        elif item.kind == "folder":
            in_folder(tmp_path, monkeypatch, number, item.text)
            elsewhere = False
        elif not is_run(item) or (elsewhere and item.kind in ("command", "sh", "yaml")):
            skipped += 1
        elif item.kind == "command":
            run_command(item)
            commands += 1
        elif item.kind == "yaml":
            run_block(item)
            blocks += 1
        else:
            assert item.kind in OTHERS, f"{page}:{item.line}: nobody runs {item.kind}"
    assert COUNTS.get(page, (0, 0, 0)) == (commands, blocks, skipped)


@pytest.mark.parametrize("page", pages())
def test_a_page_names_commands_and_pages_that_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`mailflow ([a-z]+)", text)) | {
        i.text.split()[1] for i in items_of(page) if i.kind == "command"
    }
    later = {"fmt", "learn", "whatif", "bisect", "report", "tui"}
    assert [] == sorted(word for word in named - later if word not in COMMANDS and not word.startswith("-"))
    links = re.findall(r"\]\(([^)#]+?)(?:#[\w-]*)?\)", text)
    here = (ROOT / page).parent
    assert [] == [link for link in links if "://" not in link and not (here / link).exists()]


@pytest.mark.parametrize(
    ("page", "arguments"),
    [("docs/scenario.md", ("schema", "--markdown")), ("docs/dispositions.md", ("about", "--dispositions"))],
)
def test_a_generated_page_is_as_it_would_be_made(page: str, arguments: tuple[str, ...]) -> None:
    made = CliRunner().invoke(main, list(arguments), prog_name="mailflow").output
    assert made == (ROOT / page).read_text(encoding="utf-8"), "make docs"
