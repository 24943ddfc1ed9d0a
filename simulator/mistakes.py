"""The mistakes of one client in one session, where the host itself says how many are too many."""

from __future__ import annotations

from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.decision import Decision
from simulator.policy.host import EndsSessions, Host

__all__ = ["Mistakes"]


class Mistakes:
    """Counts wrong commands (500 to 504) and failed logins (535)."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._errors = self._logins = 0

    @property
    def are_counted(self) -> bool:
        """Whether the host has a limit of its own; where it has none, the listener's holds."""
        return isinstance(self._host, EndsSessions)

    def after(self, reply: Reply, session: Session) -> Decision | None:
        """What the host says in place of this reply when it has had enough; None to go on."""
        self._errors += 500 <= reply.code <= 504
        self._logins += reply.code == 535
        if reply.ok or reply.code == 421 or not isinstance(self._host, EndsSessions):
            return None
        return self._host.has_enough(session, self._errors, self._logins)
