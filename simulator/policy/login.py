"""AUTH at a host whose mailboxes are its accounts: the address is the user name, the password is the lab's."""

from __future__ import annotations

from collections.abc import Collection

from simulator.mail.address import Address, AddressError
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import LAB_PASSWORD
from simulator.policy.rules import rule

__all__ = ["LOGIN", "login_step"]

LOGIN = rule(
    "LOGIN", "A person logs in with the address of a mailbox that is at this host", fidelity="documented",
    source="RFC 4954 4; the password is this simulator's", test="tests/policy/test_login.py",
)  # fmt: skip


def login_step(mailboxes: Collection[Address] | None, user: str, password: str) -> Step:
    """Whether a user may log in; the outcome is `logged-in`, `no-mailbox` or `wrong-password`.

    Without `mailboxes` every address may.
    """
    try:
        address = Address.parse(user)
        known = mailboxes is None or address in mailboxes
    except AddressError:
        known = False
    if not known:
        outcome, says = "no-mailbox", f"{user} has no mailbox here"
    elif password != LAB_PASSWORD:
        outcome, says = "wrong-password", f"the password of {user} is wrong"
    else:
        outcome, says = "logged-in", f"{user} is logged in"
    return Step("AUTH", LOGIN, outcome, says, (Candidate(user, outcome == "logged-in", outcome, says),))
