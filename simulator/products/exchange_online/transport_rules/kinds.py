"""What type a message has (MessageTypeMatches), told from the marks in its header, and its importance.

    OOF                 Auto-Submitted: auto-replied (RFC 3834)
    AutoForward         Auto-Submitted: auto-forwarded, or forwarded by an inbox rule here (by a mailbox's own setting: not)
    Encrypted, Signed   multipart/encrypted, multipart/signed, application/pkcs7-mime by its smime-type (RFC 1847, RFC 8551)
    Calendaring         a text/calendar part
    PermissionControlled  a message.rpmsg part
    Voicemail           Content-Class: voice
    ReadReceipt         multipart/report with disposition-notification (RFC 8098)
    ApprovalRequest     Content-Class of an approval request

Which marks the service looks for is not documented; these are those that such mail has (inferred).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from simulator.mail.mime import ContentType, content_type
from simulator.products.exchange_online.transport_rules.case import Case

__all__ = ["importance", "is_kind", "is_report"]


def _top(case: Case) -> ContentType:
    return content_type(case.message.get("Content-Type") or "")


def _auto(case: Case, word: str) -> bool:
    return (case.message.get("Auto-Submitted") or "").strip().lower().startswith(word)


def _smime(case: Case, kind: str, words: tuple[str, ...]) -> bool:
    top = _top(case)
    return top.name == f"multipart/{kind}" or (
        top.name in ("application/pkcs7-mime", "application/x-pkcs7-mime")
        and top.parameters.get("smime-type", "enveloped-data").lower() in words
    )


def _class(case: Case, word: str) -> bool:
    return word in (case.message.get("Content-Class") or "").lower()


def _reports(case: Case, kind: str) -> bool:
    top = _top(case)
    return top.name == "multipart/report" and top.parameters.get("report-type", "").lower() == kind


_KINDS: Final[Mapping[str, Callable[[Case], bool]]] = {
    "OOF": lambda c: _auto(c, "auto-replied"),
    "AutoForward": lambda c: _auto(c, "auto-forwarded") or c.held.facts.get("message class") == "IPM.Note.Forward",
    "Encrypted": lambda c: _smime(c, "encrypted", ("enveloped-data", "authenveloped-data")),
    "Signed": lambda c: _smime(c, "signed", ("signed-data",)),
    "Calendaring": lambda c: any(part.type == "text/calendar" for part in c.parts),
    "PermissionControlled": lambda c: any(part.type == "application/x-microsoft-rpmsg-message" for part in c.parts),
    "Voicemail": lambda c: _class(c, "voice"),
    "ReadReceipt": lambda c: _reports(c, "disposition-notification"),
    "ApprovalRequest": lambda c: _class(c, "approval"),
}


def is_kind(case: Case, kind: str) -> bool:
    return _KINDS[kind](case)


def is_report(case: Case) -> bool:
    """A non-delivery report, whoever wrote it: rules do not see those."""
    return case.held.generated or (case.held.sender is None and _reports(case, "delivery-status"))


def importance(case: Case) -> str:
    """High, Normal or Low, by Importance or else by X-Priority."""
    said = (case.message.get("Importance") or "").strip().capitalize()
    if said in ("High", "Low"):
        return said
    number = (case.message.get("X-Priority") or "3").strip()[:1]
    return "Normal" if said == "Normal" else {"1": "High", "2": "High", "4": "Low", "5": "Low"}.get(number, "Normal")
