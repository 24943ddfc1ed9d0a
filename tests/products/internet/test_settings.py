from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.reply import Reply
from tests.products.builders import read_internet


@pytest.mark.parametrize(
    ("written", "results", "reply"),
    [
        ({"spf": "fail", "with": "550 5.7.23"}, {"spf": ("fail",)}, Reply(550, "5.7.23")),
        ({"SPF": ["fail", "softfail"]}, {"spf": ("fail", "softfail")}, None),
        ({"dkim": "none", "dmarc": "none", "with": "550 no"}, {"dkim": ("none",), "dmarc": ("none",)}, Reply(550, "", "no")),
    ],
)  # fmt: skip
def test_a_refusal_names_results_and_may_say_with_what(written: Any, results: Any, reply: Reply | None) -> None:
    for form in (written, [written]):
        made, problems = read_internet({"refuses": form})
        assert ([], [(results, reply)]) == (problems, [(r.results, r.reply) for r in made.refuses])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"refuses": {"spf": "failed"}}, "error: refuses: failed is no result of spf. Did you mean fail?"),
        ({"refuses": {"sfp": "fail"}}, "error: refuses: sfp is nothing that can be refused. Did you mean spf?"),
        ({"refuses": {"with": "550 5.7.1"}}, "error: refuses: a refusal names at least one result. Write  {spf: fail, with: 550 5.7.23}"),
        ({"refuses": "spf"}, "error: refuses: a refusal is a map. Write  {spf: fail, with: 550 5.7.23}"),
        ({"refuses": {"spf": "fail", "with": "250 ok"}}, "error: refuses: '250 ok' is no refusal. Write  550 5.7.1 TEXT  or  452 4.2.2 TEXT"),
        ({"answers": {"*": "yes"}}, "error: answers: 'yes' is no refusal. Write  550 5.7.1 TEXT  or  452 4.2.2 TEXT"),
        ({"answers": {"Moon": "452 4.2.2"}}, "error: answers: nobody at internet is called Moon. Write a person of this server, an address, or *."),
        ({"forwards": {"Moon": "a@b.example"}}, "error: forwards: nobody at internet is called Moon. Write a person of this server, or an address."),
        ({"forwards": {"sun@customer.example": "Moon"}}, "error: forwards: Moon is neither an address nor a person of the lab."),
        ({"forwards": {"sun@customer.example": {"keep copy": "on"}}}, "error: a forward 'sun@customer.example' lacks to. the address, or a person of the lab"),
        ({"forwards": {"sun@customer.example": {"to": "a@b.example", "keepcopy": "on"}}}, "error: unknown setting keepcopy in a forward. Did you mean keep copy?"),
        ({"accepts from": "not a host"}, "error: accepts from: 'not a host' is not a domain name: 'not a host' is not a label. Write an address, a network (192.0.2.0/24) or a host name."),
        ({"accepts from": "192.0.2.0/99"}, "error: accepts from: '192.0.2.0/99' is no IP address, range (a-b) or network (a/24). Write an address, a network (192.0.2.0/24) or a host name."),
        ({"retry after": "soon"}, "error: retry after: 'soon' is no span of time. Write 15m, 6h or 36d; a bare number counts minutes."),
        ({"size limit": "large"}, "error: size limit: 'large' is not a size. Write 25MB, 200KB or a number of octets."),
        ({"behaves like": "hotmail"}, "error: behaves like: 'hotmail' is not known here. Use gmail, gmail for bulk senders or leave it out."),
        ({"judges": "off", "refuses": {"spf": "fail"}}, "error: refuses needs what judges: false switches off. Leave judges out."),
        ({"judges": "off", "behaves like": "gmail"}, "error: behaves like needs what judges: false switches off. Leave judges out."),
        ({"demands tls": "off", "demands certificate": "*.contoso.com"}, "error: a certificate is shown in TLS only. Leave demands tls out."),
        ({"refusals": {}}, "error: unknown setting refusals in an internet host. Did you mean refuses?"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_an_error_that_says_what_to_write(settings: dict[str, Any], expected: str) -> None:
    assert [expected] == read_internet(settings)[1]


def test_everything_that_the_contract_names_is_taken() -> None:
    settings = {
        "refuses": {"spf": "fail", "with": "550 5.7.23"}, "accepts from": ["192.0.2.1", "192.0.2.0-192.0.2.9", "mail.contoso.com"],
        "retry after": "10m", "forwards": {"sun@customer.example": {"to": "bob@contoso.com", "keep copy": "yes", "srs": "no"}},
        "behaves like": "Gmail", "answers": {"*": "452 4.2.2 Mailbox full"}, "size limit": "200KB", "smtputf8": "off", "dsn": "off",
        "demands tls": "true", "demands certificate": "*.contoso.com",
    }  # fmt: skip
    made, problems = read_internet(settings)
    assert ([], 204800, "gmail", ("mail.contoso.com",)) == (
        problems,
        made.size_limit,
        made.behaves_like,
        made.accepts_from.names,
    )
