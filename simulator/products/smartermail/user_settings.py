"""What the pages of a user and of a mailing list say, as far as it changes where mail goes.

Users:                                        Mailing Lists:
  john:                                         staff:
    Status: Disabled With Mail                    Moderator: john
    Mailbox Size Limit: 100MB                     Subscribers: [kim, sun@customer.example]
    Mailbox Size: 99MB    # what is in it         Allowed Posters: Subscribers Only
"""

from __future__ import annotations

from simulator.policy.amounts import read_size
from simulator.policy.settings import Settings, choice, custom, flag, ignored, text, texts
from simulator.source import Node, ProblemList

__all__ = ["ANYONE", "DISABLED", "DISABLED_WITH_MAIL", "MODERATORS", "SUBSCRIBERS", "Forwarding", "MailingList", "User"]

ENABLED, DISABLED, DISABLED_WITH_MAIL = "Enabled", "Disabled", "Disabled With Mail"
ANYONE, SUBSCRIBERS, MODERATORS = "Anyone", "Subscribers Only", "Moderators Only"


class Forwarding(Settings):
    """A user's forwarding (Settings > Forwarding of the user). Unless told otherwise the mailbox keeps what it forwards."""

    noun = "Forwarding"

    to: tuple[str, ...] = texts("the addresses; a bare name is one of the same domain", label="Forwarding Address")
    delete: bool = flag(False, "the mailbox keeps no copy", label="Delete messages when forwarded")
    method: object = ignored(
        "Normal, Text or Embed as Attachment; here the message goes on as it is", label="Forward Method"
    )

    @classmethod
    def read_entry(cls, name: str, node: Node, problems: ProblemList) -> Forwarding:
        """A map, or the address alone."""
        written = node if node.is_map else Node.of({"Forwarding Address": node}, node.at)
        return cls.read(written, problems, name=name, at=node.at)

    def check(self, problems: ProblemList) -> None:
        if not self.to:
            problems.error(self.place, f"Forwarding of {self.name} goes nowhere.", "Write  Forwarding Address: ADDRESS")


class User(Settings):
    """An account of the domain. The mailbox itself is a person's (`people:`)."""

    noun = "a SmarterMail user"

    status: str = choice(
        "Disabled: no login, and mail comes back; Disabled With Mail: no login, and mail is kept", ENABLED, DISABLED,
        DISABLED_WITH_MAIL, default=ENABLED, label="Status",
    )  # fmt: skip
    limit: int = custom(
        read_size, 0, "what the mailbox may hold: 100MB, or a number of octets", label="Mailbox Size Limit"
    )
    size: int = custom(read_size, 0, "what is in the mailbox before anything arrives", label="Mailbox Size")
    greylisting: bool = flag(True, "its mail is greylisted where the domain's is", label="Enable Greylisting")
    auto_responder: object = ignored("what the account answers by itself", label="Auto-Responder")


class MailingList(Settings):
    """A mailing list of the domain."""

    noun = "a mailing list"

    moderator: str = text("the user who owns it: reports about its mail go there", required=True, label="Moderator")
    subscribers: tuple[str, ...] = texts("the members; a bare name is one of the same domain", label="Subscribers")
    posting: str = choice(
        "who may send to it", ANYONE, SUBSCRIBERS, MODERATORS, default=ANYONE, label="Allowed Posters"
    )
    posters: tuple[str, ...] = texts(
        "addresses and domains that may post whatever Allowed Posters says", label="Posters"
    )
    banned: tuple[str, ...] = texts("addresses and domains that may not post", label="Banned Posters")
    password: str = text("has to stand in the subject as [:password:]", label="Password")
    prefix: str = text("what is put before the subject", label="Subject Prefix")
    max_size: int = custom(read_size, 0, "the largest message that is posted", label="Max Message Size")
    reply_to_list: bool = flag(False, "answers go to the list", label="Reply To List")
    digest: object = ignored("subscribers who get a digest", label="Digest Subscribers")
    batch: object = ignored("how many subscribers share a transaction", label="Max Recipients Per Message")
    description: object = ignored("a note", silent=True, label="Description")

    @classmethod
    def read_entry(cls, name: str, node: Node, problems: ProblemList) -> MailingList:
        if not node.is_map:
            problems.error(
                node.at, f"the mailing list {name} is a mapping.", "Write  {Moderator: USER, Subscribers: [ADDRESS]}"
            )
            return cls.read(Node.of({}, node.at), ProblemList(), name=name)
        return cls.read(node, problems, name=name, at=node.at)
