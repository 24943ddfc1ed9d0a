"""ApplyHtmlDisclaimerText: text at the end (Append) or the beginning (Prepend) of the body.

HTML bodies get it as it is, plain ones without the tags. %%DisplayName%% and the like are filled in from the sender's
attributes. Where nothing can be added (signed or encrypted mail, no text), ApplyHtmlDisclaimerFallbackAction says what is
done:

    Wrap (default)   a new message has the disclaimer, and the old one attached
    Ignore           the message stays as it is
    Reject           it is returned
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Final

from simulator.mail.message import Message
from simulator.mail.rewriting import rewritten, wrapped
from simulator.policy.rules import rule
from simulator.products.exchange_online.transport_rules.case import Case
from simulator.products.exchange_online.transport_rules.rule import TransportRule

__all__ = ["disclaim"]

DISCLAIMER = rule(
    "EXO-RULE-16", "A disclaimer is added to the text; mail that cannot be changed is wrapped, left alone or returned",
    fidelity="documented", source="CMD New-TransportRule ApplyHtmlDisclaimerText; the layout is the simulator's",
    test="tests/products/exchange_online/transport_rules/test_disclaimer.py",
)  # fmt: skip

_TOKEN = re.compile(r"%%([A-Za-z]+)%%")
_TOKENS: Final[Mapping[str, str]] = {
    "countryorregion": "Country", "fax": "FaxNumber", "homephone": "HomePhoneNumber", "mobilephone": "MobileNumber",
    "pager": "PagerNumber", "phone": "PhoneNumber", "postalcode": "ZipCode", "postofficebox": "POBox",
    "stateorprovince": "State", "streetaddress": "Street", "userprincipalname": "UserLogonName",
    "windowsemailaddress": "Email",
    **{name.lower(): name for name in (
        "City", "Company", "Department", "DisplayName", "FirstName", "Initials", "LastName", "Manager", "Notes", "Office", "Title",
    )},
}  # fmt: skip


def disclaim(one: TransportRule, case: Case) -> tuple[Message, str, bool]:
    """The message with the disclaimer, what was done, and whether it is to be returned instead."""
    text = _filled(one.ApplyHtmlDisclaimerText, case)
    before = one.ApplyHtmlDisclaimerLocation == "Prepend"
    made = rewritten(case.message, lambda body, kind: _added(body, kind, text, before=before))
    if made is not None:
        return made, "adds a disclaimer", False
    if one.ApplyHtmlDisclaimerFallbackAction == "Ignore":
        return case.message, "cannot add a disclaimer and leaves it", False
    if one.ApplyHtmlDisclaimerFallbackAction == "Reject":
        return case.message, "cannot add a disclaimer and returns it", True
    return wrapped(case.message, text), "wraps it in a message with the disclaimer", False


def _filled(text: str, case: Case) -> str:
    def fill(match: re.Match[str]) -> str:
        name = _TOKENS.get(match[1].lower())
        if name is None:
            return match[0]
        return case.sender_entry.properties.attribute(name) if case.sender_entry else ""

    return _TOKEN.sub(fill, text)


def _added(body: str, kind: str, text: str, *, before: bool) -> str:
    if kind == "text/plain":
        plain = html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"(?i)<br\s*/?>|</p>", "\r\n", text))).strip()
        return f"{plain}\r\n\r\n{body}" if before else f"{body.rstrip()}\r\n\r\n{plain}\r\n"
    if before:
        opening = re.search(r"(?i)<body\b[^>]*>", body)
        cut = opening.end() if opening else 0
    else:
        cut = body.lower().rfind("</body>")
        cut = cut if cut >= 0 else len(body)
    return f"{body[:cut]}{text}{body[cut:]}"
