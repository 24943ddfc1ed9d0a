"""`--fix`: the text of files changes at one place, and the finding is gone."""

from __future__ import annotations

import pytest

from simulator.check.looking import look
from simulator.check.mending import mended
from simulator.findings import Finding
from simulator.keyring import KEYRING
from tests.check.ground import LAB


def found(text: str) -> list[Finding]:
    return look({"lab.yaml": text}.__getitem__, ["lab.yaml"], keys=KEYRING).findings


def fixed(text: str) -> str:
    changed, _ = mended(found(text), {"lab.yaml": text})
    return changed.get("lab.yaml", text)


def differing(before: str, after: str) -> list[str]:
    assert before.count("\n") == after.count("\n")
    return [new.strip() for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]


STS = "customer.example: {MTA-STS: {mx: [old.example, mx.customer.example]}, MX: [10 mx.customer.example]}"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("[203.0.113.25] #", "[203.0.113.0/24] #", "SenderIPAddresses: [203.0.113.25] # SmarterMail"),
        ("[203.0.113.25] #", '["203.0.113.0/24"] #', 'SenderIPAddresses: ["203.0.113.25"] # SmarterMail'),
        (
            "ip4:203.0.113.25 include:spf.protection.outlook.com", "ip4:203.0.113.25",
            'TXT: ["v=spf1 ip4:203.0.113.25 include:spf.protection.outlook.com -all"]',
        ),
        ("customer.example: {", "customer.example: {MTA-STS: {mx: [old.example]}, ", STS),
        ("customer.example: {", "customer.example: {MTA-STS: {mx: old.example}, ", STS),
    ],
)  # fmt: skip
def test_one_line_changes_and_nothing_is_left_to_find(old: str, new: str, line: str) -> None:
    text = LAB.replace("fqdn: mx.customer.example\n", "fqdn: mx.customer.example\n    cert: good\n").replace(old, new)
    assert [] != found(text)
    after = fixed(text)
    assert [line] == differing(text, after)
    assert [] == found(after)


ROTATING = LAB.replace("ip: 40.92.10.1", "ip: [40.92.10.1, 40.92.10.2]")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    Enable Greylisting: on # as always\n", "    IP Bypass: [40.92.10.1, 40.92.10.2]\n    Enable Greylisting: on # as always\n"),
        (
            "    IP Bypass: [192.0.2.1] # a friend\n    Enable Greylisting: on\n",
            "    IP Bypass: [192.0.2.1, 40.92.10.1, 40.92.10.2] # a friend\n    Enable Greylisting: on\n",
        ),
    ],
)  # fmt: skip
def test_a_missing_setting_is_put_before_its_neighbour(before: str, after: str) -> None:
    head, tail = ROTATING.split("    knobs: {retry")
    text = f"{head}{before}    knobs: {{retry{tail}"
    assert ["MF060"] == [f.kind.id for f in found(text)]
    assert f"{head}{after}    knobs: {{retry{tail}" == fixed(text)
    assert [] == found(fixed(text))


def test_within_braces_it_stays_on_the_line() -> None:
    begin, end = ROTATING.index("  onprem:\n"), ROTATING.index("  internet:\n")
    server = (
        "  onprem: {is: smartermail, fqdn: mail.contoso.com, ip: 203.0.113.25, Enable Greylisting: on, Domains: {contoso.com: "
        "{Inbound Message Delivery: External (use host address), Host Address: contoso-com.mail.protection.outlook.com, "
        "Deliver locally if user exists: on}}}\n"
    )
    text = ROTATING[:begin] + server + ROTATING[end:]
    assert text.replace("Enable Grey", "IP Bypass: [40.92.10.1, 40.92.10.2], Enable Grey") == fixed(text)


def test_a_list_with_hyphens_is_left_to_its_author() -> None:
    block = "customer.example:\n    MTA-STS:\n      mx:\n        - old.example\n    MX: [10 mx.customer.example]"
    text = LAB.replace("customer.example: {MX: [10 mx.customer.example]}", block)
    assert "MF044" in [f.kind.id for f in found(text)]
    assert text == fixed(text)


def test_an_edit_whose_text_is_no_longer_there_is_not_made() -> None:
    text = LAB.replace("[203.0.113.25] #", "[203.0.113.0/24] #")
    moved = "# a new first line\n" + text
    assert ({}, []) == mended(found(text), {"lab.yaml": moved})


def test_windows_line_ends_stay() -> None:
    text = LAB.replace("[203.0.113.25] #", "[203.0.113.0/24] #").replace("\n", "\r\n")
    assert LAB.replace("\n", "\r\n") == fixed(text)


def test_what_is_right_is_not_touched() -> None:
    assert LAB == fixed(LAB)
