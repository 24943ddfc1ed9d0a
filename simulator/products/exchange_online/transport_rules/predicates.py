"""Every condition of a mail flow rule by the parameter that is asked, and how it is judged.

The same predicate judges a condition and its exception; it is given the values of the parameter and, by `also`, those of
the parameters that complete it (HeaderContainsMessageHeader to HeaderContainsWords).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.products.exchange_online.transport_rules.asked import Predicate
from simulator.products.exchange_online.transport_rules.content import CONTENT
from simulator.products.exchange_online.transport_rules.people import PEOPLE

__all__ = ["PREDICATES"]

PREDICATES: Final[Mapping[str, Predicate]] = {**PEOPLE, **CONTENT}
