"""Command lines by the rules of PowerShell itself (about_Quoting_Rules, about_Parsing), read by a reader of their own.

In single quotes everything is literal; a quote is written twice. Typographic single quotes are quotes as well. Outside of them
`$`, the backtick, `;`, `|`, `&`, brackets, `#`, `@`, `"` and blanks mean something, so no such character may stand there.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator.exporting.powershell import command, guarded, quoted, shown
from simulator.source import Node

QUOTES = "'\u2018\u2019\u201a\u201b"
SPECIAL = set(' \t\n\r$`;|&(){}<>#@"\u201c\u201d\u201e,')


def arguments(line: str) -> list[list[str]]:
    """The arguments of a command line, each a list of texts (one unless commas join several)."""
    found: list[list[str]] = []
    position, joined = 0, False
    while position < len(line):
        char = line[position]
        if char == " ":
            position += 1
            continue
        if char == ",":
            joined, position = True, position + 1
            continue
        text, position = _quoted(line, position) if char in QUOTES else _bare(line, position)
        if joined:
            found[-1].append(text)
        else:
            found.append([text])
        joined = False
    return found


def _quoted(line: str, position: int) -> tuple[str, int]:
    text = ""
    position += 1
    while True:
        assert position < len(line), "the quote is never closed"
        char = line[position]
        if char in QUOTES:
            if line[position + 1 : position + 2] and line[position + 1] in QUOTES:
                text, position = text + char, position + 2
                continue
            return text, position + 1
        text, position = text + char, position + 1


def _bare(line: str, position: int) -> tuple[str, int]:
    start = position
    while position < len(line) and line[position] not in SPECIAL and line[position] not in QUOTES:
        position += 1
    assert position > start, f"{line[position]!r} stands outside of quotes"
    return line[start:position], position


TEXTS = st.text(
    st.sampled_from("aZ0 '\u2018\u2019\u201a\u201b\"\u201c`$;|&(){}#@,-\n\té\u6f22\U0002ebe1%!=:\\"),
    min_size=1,
    max_size=16,
) | st.sampled_from(
    ["$(Remove-Mailbox *)", "a'; Remove-Mailbox b; '", "`$x", "-Force", "true", "O'Neil \u2013 Büro", "x' -Force '"]
)


@given(TEXTS)
def test_any_text_is_one_argument_and_comes_out_as_it_was(text: str) -> None:
    assert [["-Name"], [text]] == arguments(f"-Name {quoted(text)}")


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_any_list_is_one_argument_of_its_texts(texts: list[str]) -> None:
    assert [texts] == arguments(shown(Node.of(texts)))


@given(TEXTS, TEXTS)
def test_a_command_has_the_arguments_that_it_was_given(name: str, comment: str) -> None:
    line = command("New-InboundConnector", [("Name", quoted(name)), ("Comment", quoted(comment))])
    assert [["New-InboundConnector"], ["-Name"], [name], ["-Comment"], [comment]] == arguments(line)


@given(TEXTS)
def test_a_guarded_command_closes_what_it_opens(name: str) -> None:
    line = guarded("InboundConnector", quoted(name), f"Remove-InboundConnector -Identity {quoted(name)}", there=True)
    bare, position = "", 0
    while position < len(line):
        if line[position] in QUOTES:
            _, position = _quoted(line, position)
        else:
            bare, position = bare + line[position], position + 1
    assert bare.startswith("if (Get-InboundConnector -Identity ")
    assert (1, 1, 1, 1) == tuple(bare.count(char) for char in "(){}")
    assert ";" not in bare
