"""Exchange Online: tenants behind one front door, with connectors, accepted domains and a directory.

A message comes in, in this order:

    listener      CONNECT, EHLO, AUTH, MAIL; after the final dot sizes, the author [authors], loops, and who vouches for it
    admission     RCPT: is the recipient taken, and by which tenant
      identity      what the client proves: certificate, address
      attribution   is the message a tenant's own (OnPremises connectors of the whole forest)
      relay         may it be sent on
      partner       how mail of partners must come
    loops         the service's own counters
    authentication  what is found out about the sender, at the end of DATA
      skip_listing  which address counts (Enhanced Filtering)
      composite     what SPF, DKIM, DMARC and ARC come to together
      filtering     SCL, and what is done
    headers       what is stamped
      firewall      what of others is stripped, renamed, promoted
      trust         whose it is, who vouches for it
      received, verdict_headers   the lines of a pass, and what it found out

and leaves:

    placement     Inbox, Junk, quarantine or nowhere
    directory     what a recipient is
    forwarding    mailboxes that send on by themselves, and the policy that stops them
    transport_rules  mail flow rules, asked once whom the message is for is known
    routing       mailbox, group, replaced address, centralised transport, connector, MX
      selection     which outbound connector
    signing       with which key mail to outside is signed, and why
    retry         what an attempt came to; remote: how refusals of others are reported
    report        the non-delivery report

and beside mail: `validation`, the two tests of a connector.

`settings`, `connectors`, `dkim_config`, `outbound_policy`, `spam_policies` (on `default_policy`), `ip_list`, `knobs` are what a
lab file says; `notation` how the cmdlets write it; `domains` and `forest` what
follows from it; `wording` has all texts, `identifiers` the names and numbers that the service makes up.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.exchange_online.connectors import InboundConnector, OutboundConnector
from simulator.products.exchange_online.directory import Directory
from simulator.products.exchange_online.domains import AcceptedDomains
from simulator.products.exchange_online.forest import Forest, Profile
from simulator.products.exchange_online.settings import TenantSettings
from simulator.products.exchange_online.tenant import Tenant
from simulator.topology import Person, Server

__all__ = ["InboundConnector", "OutboundConnector", "Tenant", "TenantSettings", "build"]


def build(servers: Sequence[tuple[Server, TenantSettings]], people: Sequence[Person]) -> list[Tenant]:
    """All tenants of a lab, sharing one forest. The people of a server have their mailboxes in its tenant."""
    profiles = [_profile(server, settings, people) for server, settings in servers]
    forest = Forest(profiles)
    return [Tenant(server, profile, forest) for (server, _), profile in zip(servers, profiles, strict=True)]


def _profile(server: Server, settings: TenantSettings, people: Sequence[Person]) -> Profile:
    mine = [(box, person.at) for person in people for box, where in person.mailboxes if where == server.name]
    domains = AcceptedDomains(settings.AcceptedDomains, settings.at("AcceptedDomains"))
    service = [name for name in domains.entries if name.endswith(".onmicrosoft.com")]
    directory = Directory(settings.Recipients, mine, settings.at("Recipients"), service)
    return Profile(server.name, settings, domains, directory)
