"""How the service reads the refusals of other servers: which of its own codes it puts before the reply.

| the reply tells                       | report                                                                  |
| ------------------------------------- | ----------------------------------------------------------------------- |
| a loop                                | the reply itself                                                        |
| log in before relaying                | 5.7.368 Remote server returned authentication required to relay         |
| no relay                              | 5.7.367 Remote server returned not permitted to relay                   |
| spam                                  | 5.7.350 Remote server returned message detected as spam                 |
| no such user                          | 5.1.351 Remote server returned unknown recipient or mailbox unavailable |
| anything else                         | 5.0.350 Remote server returned an error                                 |

Which words of a reply lead to which code is inferred; the codes and summaries are not.
"""

from __future__ import annotations

import re

from simulator.mail.reply import Reply
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording

__all__ = ["REMOTE", "is_loop", "reported"]

REMOTE = rule(
    "EXO-NDR-1", "A refusal of another server is reported under the service's own code, the reply behind it",
    fidelity="observed", source="captured reports; learn: Fix NDR 550 5.7.367", test="tests/products/exchange_online/test_remote.py",
)  # fmt: skip

_LOOP_CODES = ("5.4.6", "5.4.14")
_LOOP = re.compile(r"hop count exceeded|mail loop|too many hops|routing loop|loop detected", re.I)

_KINDS: tuple[tuple[re.Pattern[str], tuple[str, ...], str, str], ...] = (
    (re.compile(r"authenticat\w+ (?:is )?required|must authenticate|5\.7\.57\b", re.I), ("5.7.57",),
     "5.7.368", "Remote server returned authentication required to relay"),  # summary not verified
    (re.compile(r"relay", re.I), ("5.7.64",), "5.7.367", "Remote server returned not permitted to relay"),
    (re.compile(r"\bspam|\bblocked\b|block ?list|black ?list|reputation|\bbanned\b", re.I), (),
     "5.7.350", "Remote server returned message detected as spam"),
    (re.compile(r"unknown (?:user|recipient|address|mailbox)|(?:user|recipient|mailbox|address) unknown|no such (?:user|recipient|mailbox)"
                r"|mailbox (?:not found|unavailable)|does not exist|(?:user|recipient) not found|invalid recipient", re.I),
     ("5.1.1", "5.1.10"), "5.1.351", "Remote server returned unknown recipient or mailbox unavailable"),
)  # fmt: skip
_NULL_MX = re.compile(r"null[ -]?mx|domain does not accept mail", re.I)
_OTHER = ("5.0.350", "Remote server returned an error")


def is_loop(reply: Reply) -> bool:
    """Whether the other server's loop detector spoke."""
    return reply.enhanced in _LOOP_CODES or bool(_LOOP.search(reply.text))


def reported(reply: Reply) -> Reply:
    """What the non-delivery report says of a refusal."""
    if is_loop(reply):
        return reply
    if _NULL_MX.search(reply.text):  # RFC 7505 has 5.1.10 too: the words tell which of the two is meant
        return wording.wrapped(*_OTHER, reply)
    for words, codes, code, summary in _KINDS:
        if reply.enhanced in codes or words.search(reply.text):
            return wording.wrapped(code, summary, reply)
    return wording.wrapped(*_OTHER, reply)
