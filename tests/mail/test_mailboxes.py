"""The addresses in a From, To or Cc field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.mailboxes import mailboxes


@pytest.mark.parametrize(
    ("field", "addresses"),
    [
        ("", []), ("a@b.test", ["a@b.test"]), ("<a@b.test>", ["a@b.test"]), ("A B <a@b.test>, c@d.test", ["a@b.test", "c@d.test"]),
        ('"Doe, Jane" <j@d.test>', ["j@d.test"]), ("Jane (office, \\) x) <j@d.test>", ["j@d.test"]),
        ("team: a@b.test, C <c@d.test>; e@f.test", ["a@b.test", "c@d.test", "e@f.test"]), ("undisclosed-recipients:;", []),
        ('"a@b.test" <c@d.test>', ["c@d.test"]), ("<@relay.test:a@b.test>", ["a@b.test"]), ('"o p"@b.test', ['"o p"@b.test']),
        ("not an address, a@b.test", ["a@b.test"]), ("=?utf-8?Q?x?= <a@b.test>", ["a@b.test"]),
    ],
)  # fmt: skip
def test_addresses_are_found_among_names_comments_and_groups(field: str, addresses: list[str]) -> None:
    assert addresses == [str(a) for a in mailboxes(field)]


@given(st.text(alphabet='ab@.<>(),;:"\\ ', max_size=40))
def test_reading_never_fails(field: str) -> None:
    assert all("@" in str(address) for address in mailboxes(field))
