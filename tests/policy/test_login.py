from __future__ import annotations

import pytest

from simulator.policy.host import LAB_PASSWORD
from simulator.policy.login import login_step
from tests.policy.builders import BOB, JOHN


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        ("john@contoso.com", LAB_PASSWORD, "logged-in"),
        ("John@CONTOSO.com", LAB_PASSWORD, "logged-in"),
        ("john@contoso.com", "guess", "wrong-password"),
        ("sun@customer.example", LAB_PASSWORD, "no-mailbox"),
        ("john", LAB_PASSWORD, "no-mailbox"),
        ("", "", "no-mailbox"),
    ],
)
def test_people_log_in_with_the_address_of_their_mailbox(user: str, password: str, expected: str) -> None:
    step = login_step({JOHN, BOB}, user, password)
    assert expected == step.outcome
    assert [(expected == "logged-in", expected)] == [(c.chosen, c.reason) for c in step.candidates]
