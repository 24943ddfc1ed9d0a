"""What a server said, understood strictly: the courier believes no reply that cannot be one at that place.

| said                                                     | taken for                                                |
| -------------------------------------------------------- | -------------------------------------------------------- |
| 2xx, 4xx or 5xx                                          | the reply (RFC 5321 4.2.1)                               |
| 354 to DATA, 334 to AUTH                                 | go on                                                    |
| any other 3xx; 0 to 199; 600 and more; 2xx instead of 354 | `Nonsense`: nobody knows what the server has understood |

The last row is what keeps mail from being lost: 250 to DATA is not yet a yes to the content, and neither is another 354
after it. Text may hold anything; octets that are no text and control characters are replaced, since it stands in logs,
reports and terminals afterwards.
"""

from __future__ import annotations

import re

from aiosmtplib.errors import SMTPException
from aiosmtplib.response import SMTPResponse

from simulator.mail.reply import Reply

__all__ = ["Nonsense", "heard"]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_LONGEST = 4096  # characters that are kept; a reply line of RFC 5321 4.5.3.1.5 has 512 octets


class Nonsense(SMTPException):
    """A reply that means nothing here."""


def heard(answer: SMTPResponse, go_on: int = 0) -> Reply:
    """The reply; `go_on` is the 3xx that is welcome. Raises `Nonsense`."""
    code = answer.code
    if not 200 <= code <= 599 or (300 <= code <= 399 and code != go_on):
        raise Nonsense(f"reply code {code}")
    if go_on == 354 and code < 300:
        raise Nonsense(f"{code} instead of {go_on}")
    return Reply.of(code, _CONTROL.sub("\ufffd", answer.message[:_LONGEST]))
