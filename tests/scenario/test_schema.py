"""The words of lab and scenario files: documented, and assembled with the products' settings for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.products.registry import PRODUCTS
from simulator.scenario.expect import CHECKS
from simulator.scenario.expectations import FACTS
from simulator.scenario.schema import EXPECTATIONS, FLOW_WORDS, INVARIANT_WORDS, json_schema, words_of


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.parametrize("part", ["", "lab", "scenario"])
def test_the_schema_is_json_and_whole(part: str) -> None:
    schema = json_schema(part)
    assert schema == json.loads(json.dumps(schema))
    defined = {f"#/$defs/{name}" for name in schema["$defs"]}
    assert set() == set(references(schema)) - defined


def test_the_schema_describes_every_server_with_its_products_settings() -> None:
    servers: list[dict[str, Any]] = json_schema("lab")["$defs"]["servers"]["additionalProperties"]["oneOf"]
    by_kind = {server["properties"]["is"]["const"]: server for server in servers}
    assert {kind for kind, product in PRODUCTS.items() if product.is_built} == set(by_kind)
    assert {"fqdn", "ip", "cert", "OutboundConnectors", "AcceptedDomains"} <= set(
        by_kind["exchange-online"]["properties"]
    )
    assert {"fqdn", "ip", "cert", "Domains", "Outbound Gateway"} <= set(by_kind["smartermail"]["properties"])


def test_every_word_is_documented() -> None:
    assert [] == [word for words in words_of().values() for word, about in words.items() if not about.doc]
    assert [] == [word for word, doc in INVARIANT_WORDS.items() if not doc]


def test_every_key_that_asserts_is_a_word_of_a_flow() -> None:
    assert set() == set(CHECKS) - set(EXPECTATIONS)
    assert set() == set(EXPECTATIONS) - set(FLOW_WORDS)
    assert set() == set(FACTS) - set(EXPECTATIONS)


def test_an_editor_is_told_what_a_word_means() -> None:
    flow = json_schema("scenario")["$defs"]["flow"]["properties"]
    assert "what must hold in this flow" == flow["always"]["description"]
