"""What a listener of a lab says by itself: replies of the protocol, the same for all products (RFC 5321 4.2)."""

from __future__ import annotations

from simulator.mail.reply import Reply

__all__ = ["FIXED", "HTTP", "NESTED", "NONE_VALID", "NO_HELLO", "NO_MAIL", "NO_PARAMETERS", "NO_RCPT", "UNKNOWN"]

FIXED = {
    "NOOP": Reply(250, "2.0.0", "OK"),
    "VRFY": Reply(252, "2.1.5", "Cannot VRFY user, but will accept message and attempt delivery"),  # RFC 5321 7.3
    "HELP": Reply(214, "2.0.0", "AUTH BDAT DATA EHLO HELO HELP MAIL NOOP QUIT RCPT RSET STARTTLS VRFY"),
    "EXPN": Reply(502, "5.5.1", "Command not implemented"),
    "ETRN": Reply(502, "5.5.1", "Command not implemented"),
    "TURN": Reply(502, "5.5.1", "Command not implemented"),
}
HTTP = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"))
"""What a client that speaks HTTP says first."""

UNKNOWN = Reply(500, "5.5.1", "Unrecognized command")
NO_PARAMETERS = Reply(501, "5.5.4", "No parameters allowed")
NO_HELLO = Reply(503, "5.5.1", "Send EHLO first")
NO_MAIL = Reply(503, "5.5.1", "Need MAIL command")
NO_RCPT = Reply(503, "5.5.1", "Need RCPT command")
NESTED = Reply(503, "5.5.1", "Sender already specified")
NONE_VALID = Reply(554, "5.5.1", "No valid recipients")  # RFC 5321 3.3
