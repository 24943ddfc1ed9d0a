"""Values as PowerShell writes them into files."""

from __future__ import annotations

import pytest

from simulator.importing.values import told
from simulator.source import Node


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"value": ["a", "b"], "Count": 2}, ["a", "b"]),
        ({"Ticks": 1, "TotalSeconds": 93784.0}, "1.02:03:04"),
        ({"IsUnlimited": True, "Value": {}}, "Unlimited"),
        ({"IsUnlimited": False, "Value": "10 MB (10,485,760 bytes)"}, "10 MB (10,485,760 bytes)"),
        ("PT12H", "0.12:00:00"),
        ("P1D", "1.00:00:00"),
        ("P", "P"),
        ("/Date(1784844913000)/", "2026-07-23T22:15:13"),
        ("2026-07-23T22:55:13.0000000Z", "2026-07-23T22:55:13"),
        ("2026-07-23T22:55:13+00:00", "2026-07-23T22:55:13"),
        ({"Type": "SMTP", "Address": "*", "Cost": 5}, "SMTP:*;5"),
        ({"Domain": "mail.contoso.com", "Address": {}, "IsIPAddress": False}, "mail.contoso.com"),
        ({"Domain": None, "Address": "192.0.2.1", "IsIPAddress": True}, "192.0.2.1"),
        ({"Address": "0.0.0.0", "Port": 25}, "0.0.0.0:25"),
        ({"LowerBound": "192.0.2.1", "UpperBound": "192.0.2.9"}, "192.0.2.1-192.0.2.9"),
        ({"LowerBound": "192.0.2.1", "UpperBound": "192.0.2.1"}, "192.0.2.1"),
        ("/Date(99999999999999999999)/", "/Date(99999999999999999999)/"),
    ],
)
def test_a_value_is_told_in_the_words_of_the_cmdlet(written: object, expected: object) -> None:
    assert expected == told(Node.of(written)).plain()
