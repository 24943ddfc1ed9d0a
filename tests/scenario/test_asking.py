"""`notify`, `ret`, `envid` and `orcpt` of `send`."""

from __future__ import annotations

import pytest

from simulator.mail.address import Address
from simulator.scenario.asking import asked_of_reports, by_recipient, envid, ret
from simulator.scenario.names import Names
from simulator.source import Node, ProblemList, Source

BOB, SUN = map(Address.parse, ("bob@contoso.com", "sun@customer.example"))
NAMES = Names("lab.yaml", {"bob": ("Bob", (BOB,)), "sun": ("Sun", (SUN,))}, {})
HERE = Source("test.yaml", 1, 1)


def read(**values: object) -> tuple[object, list[str]]:
    problems = ProblemList()
    asked = {key: asked_of_reports(key, Node.of(value, HERE), NAMES, problems) for key, value in values.items()}
    found = by_recipient(asked, (BOB, SUN), problems)
    return found, [p.says for p in problems.errors]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"notify": "never"}, {BOB: {"NOTIFY": "NEVER"}, SUN: {"NOTIFY": "NEVER"}}),
        ({"notify": ["Success", "delay", "success"]}, {a: {"NOTIFY": "SUCCESS,DELAY"} for a in (BOB, SUN)}),
        ({"notify": {"Bob": "success"}}, {BOB: {"NOTIFY": "SUCCESS"}}),
        ({"notify": {"Bob": "never"}, "orcpt": {"sun@customer.example": "a+b@c.example"}},
         {BOB: {"NOTIFY": "NEVER"}, SUN: {"ORCPT": "rfc822;a+2Bb@c.example"}}),
        ({"orcpt": "rfc822;a@c.example"}, {a: {"ORCPT": "rfc822;a@c.example"} for a in (BOB, SUN)}),
        ({"orcpt": "x400;/C=US"}, {a: {"ORCPT": "x400;/C+3DUS"} for a in (BOB, SUN)}),
        ({"orcpt": "gr\u00f6\u00dfe@c.example"}, {a: {"ORCPT": "utf-8;gr\\x{F6}\\x{DF}e@c.example"} for a in (BOB, SUN)}),
    ],
)  # fmt: skip
def test_a_file_says_what_is_meant_and_the_parameters_are_written(values: dict[str, object], expected: object) -> None:
    assert (expected, []) == read(**values)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"notify": ["never", "success"]}, "notify: never stands alone."),
        ({"notify": []}, "notify: nothing is named."),
        ({"notify": "always"}, "notify: 'always' is no kind of report."),
        ({"notify": {"Moon@x.example": "never"}}, "notify: Moon@x.example is no recipient of this message."),
        ({"orcpt": "nobody"}, "orcpt: 'nobody' is not a mail address."),
        ({"orcpt": "a b;c"}, "orcpt: 'a b;c' is neither an address nor TYPE;ADDRESS."),
        ({"orcpt": ["a@b.example"]}, "orcpt: one address is expected."),
    ],
)
def test_what_cannot_be_asked_is_told(values: dict[str, object], says: str) -> None:
    assert [says] == read(**values)[1]


def test_how_much_comes_back_and_the_senders_name_for_it() -> None:
    assert ["FULL", "HDRS", "HDRS"] == [ret(word) for word in ("full", "Headers", " hdrs ")]
    assert "order+207" == envid(" order 7 ")
    for bad in ("", "x" * 101, "gr\u00fc\u00df"):
        with pytest.raises(ValueError):
            envid(bad)
    with pytest.raises(ValueError):
        ret("body")
