"""Who a message says it is from, and whether it may say so like that.

| From                                        | Sender | answer                                                     |
| ------------------------------------------- | ------ | ---------------------------------------------------------- |
| missing, twice, or without a valid address  |        | 550 5.7.512                                                |
| several addresses                           | none   | 550 5.1.20                                                 |
| one address; several with Sender            |        | taken; the first one is the author that DMARC is asked for |

Mail that a mailbox submits is not looked at like this: its From has to be its own anyway [listener]. Beside it stands the other
thing that is wrong with a message whatever it says: a line that ends in a bare line feed, which only BDAT may carry.
"""

from __future__ import annotations

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.mailboxes import mailboxes
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.decision import Step
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.knobs import Knobs
from simulator.products.exchange_online.steps import single

__all__ = ["author_of", "malformed"]

_TEST = "tests/products/exchange_online/test_authors.py"
FROM = rule(
    "EXO-IN-15", "Mail without one From field that has a valid address is refused with 5.7.512", fidelity="documented",
    source="learn: Non-delivery reports in Exchange Online; RFC 5322 3.6.2", test=_TEST,
)  # fmt: skip
SENDER = rule(
    "EXO-IN-16", "Mail with several authors and no Sender is refused with 5.1.20", fidelity="documented",
    source="learn: Non-delivery reports in Exchange Online; RFC 5322 3.6.2", test=_TEST,
)  # fmt: skip
LINES = rule(
    "EXO-IN-17", "Mail with bare line feeds that did not come with BDAT is refused with 5.6.11", fidelity="inferred",
    source="learn: Non-delivery reports in Exchange Online, where it is not said on which side; knob bare_line_feeds", test=_TEST,
)  # fmt: skip


def author_of(message: Message) -> Address | None:
    """The first address in From; None where there is not one that can be read."""
    return next((address for value in message.all("From") for address in mailboxes(value)), None)


def malformed(message: Message, envelope: Envelope, knobs: Knobs, suffix: str) -> tuple[Reply, Step] | None:
    """The refusal of a message that is not written as the service wants it; None where it is."""
    values = message.all("From")
    addresses = [address for value in values for address in mailboxes(value)]
    if len(values) != 1 or not addresses:
        says = "there is no From field" if not values else "there are several From fields" if values[1:] else "From has no valid address"  # fmt: skip
        return wording.no_valid_from(suffix), single("AUTHOR", FROM, "no-valid-from", says, name="From", chosen=False)
    if len(addresses) > 1 and not message.get("Sender"):
        says = f"From has {len(addresses)} addresses, and there is no Sender"
        return wording.several_authors(suffix), single("AUTHOR", SENDER, "no-sender", says, name="From", chosen=False)
    if (
        knobs.bare_line_feeds == "refuse"
        and _has_bare_feeds(message)
        and envelope.parameters.get("BODY") != "BINARYMIME"
    ):
        says, at = "a line ends in a bare line feed", knobs.at("bare_line_feeds")
        step = single("LINES", LINES, "bare-line-feed", says, name="bare_line_feeds", chosen=False, at=at)
        return wording.invalid_characters(suffix), step
    return None


def _has_bare_feeds(message: Message) -> bool:
    return any(
        raw.count(b"\n") != raw.count(b"\r\n") for raw in (message.rest, *(field for _, field in message.fields))
    )
