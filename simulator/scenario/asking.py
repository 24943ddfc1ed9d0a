"""What a message of a flow asks of reports: `notify`, `ret`, `envid` and `orcpt` of `send` (RFC 3461).

    notify: never                           NOTIFY=NEVER for every recipient
    notify: [success, failure]              NOTIFY=SUCCESS,FAILURE
    notify: {Bob: success, Sun: never}      each by itself; who is not named asks nothing
    ret: headers                            RET=HDRS
    envid: order 7                          ENVID=order+207
    orcpt: sales@contoso.com                ORCPT=rfc822;sales@contoso.com

A file says what is meant; how a parameter writes it (xtext) is seen to here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulator.mail.address import Address, AddressError
from simulator.mail.envelope import Parameters
from simulator.mail.notify import is_envid, is_orcpt, orcpt_of, xtext
from simulator.scenario.errors import near_miss
from simulator.scenario.names import Names
from simulator.source import Node, ProblemList, Source

__all__ = ["Asked", "asked_of_reports", "by_recipient", "envid", "ret"]

Asked = Mapping[Address | None, tuple[str, Source]]
"""A parameter's value for each recipient, None for all of them, and where it is written."""

_NOTIFY = ("never", "success", "failure", "delay")


def ret(text: str) -> str:
    """The value of RET."""
    words = {"full": "FULL", "headers": "HDRS", "hdrs": "HDRS"}
    if text.strip().casefold() not in words:
        raise ValueError(f"{text!r} is neither full nor headers")
    return words[text.strip().casefold()]


def envid(text: str) -> str:
    """The value of ENVID."""
    written = xtext(text.strip())
    if not is_envid(written):
        raise ValueError(f"{text!r} is empty, too long or not printable ASCII")
    return written


def asked_of_reports(key: str, node: Node, names: Names, problems: ProblemList) -> Asked:
    """`notify` or `orcpt`, for everybody or by recipient."""
    if not node.is_map:
        value = _value(key, node, problems)
        return {None: (value, node.at)} if value else {}
    found: dict[Address | None, tuple[str, Source]] = {}
    for entry in node.entries:
        who = names.check_person(entry.key.strip(), entry.key_at, problems)
        value = _value(key, entry.node, problems)
        if who and value:
            found[who] = (value, entry.key_at)
    return found


def by_recipient(
    asked: Mapping[str, Asked], to: Iterable[Address], problems: ProblemList
) -> Mapping[Address, Parameters]:  # fmt: skip
    """The parameters of RCPT for each recipient."""
    recipients = tuple(to)
    for key, values in asked.items():
        for who, (_, at) in values.items():
            if who is not None and who not in recipients:
                problems.error(at, f"{key}: {who} is no recipient of this message.")
    told = {
        one: {
            key.upper(): (values.get(one) or values[None])[0]
            for key, values in asked.items()
            if one in values or None in values
        }
        for one in recipients
    }
    return {one: parameters for one, parameters in told.items() if parameters}


def _value(key: str, node: Node, problems: ProblemList) -> str:
    if key == "orcpt":
        return _orcpt(node, problems)
    words = [item.text.strip().casefold() for item in node.items if item.is_scalar]
    for item in node.items:
        if not item.is_scalar or item.text.strip().casefold() not in _NOTIFY:
            problems.error(
                item.at, f"notify: {item.text!r} is no kind of report.", near_miss(item.text, _NOTIFY).strip()
            )
            return ""
    if not words or ("never" in words and len(words) > 1):
        says = "notify: never stands alone." if words else "notify: nothing is named."
        problems.error(node.at, says, "Write  notify: never, or [success, failure, delay]")
        return ""
    return ",".join(dict.fromkeys(words)).upper()


def _orcpt(node: Node, problems: ProblemList) -> str:
    if not node.is_scalar:
        problems.error(node.at, "orcpt: one address is expected.", "Write  orcpt: sales@contoso.com")
        return ""
    text = node.text.strip()
    kind, semicolon, rest = text.partition(";")
    try:
        if not semicolon or kind.casefold() in ("rfc822", "utf-8"):
            return orcpt_of(Address.parse(rest if semicolon else text))
        written = f"{kind};{xtext(rest.strip())}"
    except AddressError as bad:
        problems.error(node.at, f"orcpt: {bad}.", "Write  orcpt: sales@contoso.com")
        return ""
    if not is_orcpt(written):
        problems.error(node.at, f"orcpt: {text!r} is neither an address nor TYPE;ADDRESS.")
        return ""
    return written
