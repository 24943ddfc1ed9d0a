"""Which headers of others survive at the border, in both directions.

| header                                                   | comes in                                         | leaves                                      |
| -------------------------------------------------------- | ------------------------------------------------ | ------------------------------------------- |
| X-MS-Exchange-Organization-*                             | removed                                          | removed; CrossPremises-* with CloudServices |
| X-MS-Exchange-CrossPremises-*                            | removed; becomes Organization-* with CloudServices (below) |                                   |
| X-MS-Exchange-CrossTenant-*                              | removed, and ...CrossTenantHeadersStripped says so | stays                                     |
| X-Forefront-Antispam-Report, X-Microsoft-Antispam        | renamed, `-Untrusted` behind                     | stay                                        |
| Authentication-Results, X-Microsoft-Antispam-Message-Info | renamed, `-Original` behind                     | stay                                        |
| X-MS-Office365-Filtering-Correlation-Id                  | renamed, `-Prvs` behind                          | stays                                       |
| loop counters, X-LD-Processed, ...-Loop, X-OriginatorOrg | stay                                             | stay                                        |

CloudServices: CloudServicesMailEnabled of the connector that was used, inbound of an OnPremises one. What is promoted replaces
what claimed to be internal already, and `X-CrossPremisesHeadersPromoted` says so (CMD New-InboundConnector; captured headers).
"""

from __future__ import annotations

from simulator.mail.message import Message
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import InboundConnector

__all__ = ["CROSS_TENANT", "ORGANIZATION", "outgoing", "through_firewall"]

_TEST = "tests/products/exchange_online/test_firewall.py"
FIREWALL = rule(
    "EXO-HDR-1", "Organization and CrossPremises headers from outside are removed; CloudServicesMailEnabled promotes the latter",
    fidelity="documented", source="CMD New-InboundConnector CloudServicesMailEnabled", test=_TEST,
)  # fmt: skip
DEMOTION = rule(
    "EXO-HDR-3", "Internal headers are stripped on the way out, or sent as CrossPremises headers with CloudServicesMailEnabled",
    fidelity="documented", source="CMD New-OutboundConnector CloudServicesMailEnabled", test=_TEST,
)  # fmt: skip
RENAMED = rule(
    "EXO-HDR-5", "Verdicts that a message brings along are renamed, so that they are not taken for the service's own",
    fidelity="observed", source="captured headers of mail that came back", test=_TEST,
)  # fmt: skip

ORGANIZATION = "X-MS-Exchange-Organization-"
CROSS_TENANT = "X-MS-Exchange-CrossTenant-"
_CROSS_PREMISES = "X-MS-Exchange-CrossPremises-"
_STRIPPED = "X-MS-Exchange-Transport-CrossTenantHeadersStripped"
_PROMOTED = "X-CrossPremisesHeadersPromoted"

_RENAMES = {
    "x-forefront-antispam-report": "X-Forefront-Antispam-Report-Untrusted",
    "x-microsoft-antispam": "X-Microsoft-Antispam-Untrusted",
    "x-microsoft-antispam-message-info": "X-Microsoft-Antispam-Message-Info-Original",
    "authentication-results": "Authentication-Results-Original",
    "x-ms-office365-filtering-correlation-id": "X-MS-Office365-Filtering-Correlation-Id-Prvs",
}


def through_firewall(message: Message, connector: InboundConnector | None, host: str) -> Message:
    """A message as it is believed inside; `host` is the frontend that looks at it."""
    promotes = connector is not None and connector.is_on_premises and connector.CloudServicesMailEnabled
    promoted = promotes and message.has(_CROSS_PREMISES)
    stripped = message.has(CROSS_TENANT)
    foreign = (ORGANIZATION, CROSS_TENANT, *(() if promotes else (_CROSS_PREMISES,)))
    prefixes = tuple(prefix.lower() for prefix in foreign)
    kept = message.without(lambda name: name.startswith(prefixes))
    told = [(_STRIPPED, host)] if stripped else []
    if promoted:
        kept = kept.renamed(_CROSS_PREMISES, ORGANIZATION)
        told.append((_PROMOTED, host))
    names = {name.lower() for name, _ in told}
    kept = _untrusted(kept)
    if names:
        kept = kept.without(names.__contains__)
    return kept.topped(*told) if told else kept


def _untrusted(message: Message) -> Message:
    """Earlier ones of the new names give way: what is kept is the verdict of the pass before this one."""
    present = {name.lower() for name, _ in message.fields} & _RENAMES.keys()
    if not present:
        return message
    replaced = {_RENAMES[name].lower() for name in present}
    fields: list[tuple[str, bytes]] = []
    for name, raw in message.fields:
        now = _RENAMES.get(name.lower())
        if now:
            fields.append((now, now.encode() + raw[len(name) :]))
        elif name.lower() not in replaced:
            fields.append((name, raw))
    return Message(tuple(fields), message.rest)


def outgoing(message: Message, *, keeps_internal: bool) -> Message:
    """As it leaves: internal headers stripped, or demoted where the outbound connector has CloudServicesMailEnabled."""
    if keeps_internal:
        return message.renamed(ORGANIZATION, _CROSS_PREMISES)
    internal = ORGANIZATION.lower()
    return message.without(lambda name: name.startswith(internal))
