"""DNS answers as resolvers give them."""

from __future__ import annotations

import pytest

from simulator.zone import Answer, Question, Zone

_ZONE = Zone.of([
    ("contoso.com", "MX", "10 mail.contoso.com"),
    ("Contoso.com.", "mx", "20 backup.contoso.com"),
    ("contoso.com", "MX", "10 mail.contoso.com"),
    ("mail.contoso.com", "A", "203.0.113.25"),
    ("www.contoso.com", "CNAME", "mail.contoso.com."),
    ("far.contoso.com", "CNAME", "nowhere.example"),
    ("a.deep.contoso.com", "A", "203.0.113.9"),
    ("*.wild.example", "A", "198.51.100.1"),
    ("*.wild.example", "CNAME", "never-used.example"),
    ("known.wild.example", "TXT", "here"),
    ("below.known.wild.example", "A", "198.51.100.2"),
    ("*.alias.example", "CNAME", "mail.contoso.com"),
    ("one.loop.example", "CNAME", "two.loop.example"),
    ("two.loop.example", "CNAME", "one.loop.example"),
])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "type_", "status", "records"),
    [
        ("contoso.com", "MX", "ok", ("10 mail.contoso.com", "20 backup.contoso.com")),
        ("CONTOSO.com.", "MX", "ok", ("10 mail.contoso.com", "20 backup.contoso.com")),
        ("contoso.com", "A", "nodata", ()),
        ("mail.contoso.com", "AAAA", "nodata", ()),
        ("missing.contoso.com", "A", "nxdomain", ()),
        ("missing.example.net", "A", "nxdomain", ()),
        # RFC 8020: a name with something below it exists
        ("deep.contoso.com", "A", "nodata", ()),
        ("com", "MX", "nodata", ()),
        # RFC 4592
        ("any.wild.example", "A", "ok", ("198.51.100.1",)),
        ("a.b.wild.example", "A", "ok", ("198.51.100.1",)),
        ("any.wild.example", "TXT", "nxdomain", ()),  # by way of the alias that the wildcard also has
        ("wild.example", "A", "nodata", ()),
        ("known.wild.example", "A", "nodata", ()),
        ("other.known.wild.example", "A", "nxdomain", ()),
        ("*.wild.example", "A", "ok", ("198.51.100.1",)),
    ],
)
def test_answers(name: str, type_: str, status: str, records: tuple[str, ...]) -> None:
    answer = _ZONE.lookup(name, type_)
    assert (status, records) == (answer.status, answer.records)


def test_aliases_are_followed_and_told() -> None:
    expected = Answer("ok", ("203.0.113.25",), (("www.contoso.com", "mail.contoso.com"),))
    assert expected == _ZONE.lookup("www.contoso.com", "A")
    assert Answer("ok", ("mail.contoso.com.",)) == _ZONE.lookup("www.contoso.com", "CNAME")
    assert "ok" == _ZONE.lookup("x.alias.example", "A").status


def test_an_alias_to_nowhere_does_not_exist() -> None:
    assert Answer("nxdomain", (), (("far.contoso.com", "nowhere.example"),)) == _ZONE.lookup("far.contoso.com", "A")


def test_a_chain_without_end_is_a_server_failure() -> None:
    assert "servfail" == _ZONE.lookup("one.loop.example", "A").status


@pytest.mark.parametrize(
    ("failing", "name", "expected"),
    [
        (("contoso.com", "MX"), "contoso.com", "servfail"),
        (("contoso.com", "*"), "contoso.com", "servfail"),
        (("contoso.com", "A"), "contoso.com", "ok"),
        (("contoso.com", "MX"), "wild.example", "nodata"),
    ],
)
def test_planned_failures(failing: tuple[str, str], name: str, expected: str) -> None:
    zone = Zone(_ZONE.records, {failing: "servfail"})
    assert expected == zone.lookup(name, "MX").status


def test_a_failure_behind_an_alias_is_a_failure() -> None:
    zone = Zone(_ZONE.records, {("mail.contoso.com", "A"): "timeout"})
    assert Answer("timeout", (), (("www.contoso.com", "mail.contoso.com"),)) == zone.lookup("www.contoso.com", "A")


def signed(**words: str) -> Zone:
    return Zone(_ZONE.records, {}, {name.replace("_", "."): word for name, word in words.items()})


@pytest.mark.parametrize(
    ("zone", "name", "type_", "expected"),
    [
        (signed(), "mail.contoso.com", "A", ("ok", False, False)),
        (signed(contoso_com="signed"), "mail.contoso.com", "A", ("ok", True, False)),
        (signed(contoso_com="signed"), "mail.contoso.com", "MX", ("nodata", True, False)),
        (signed(contoso_com="signed"), "gone.contoso.com", "A", ("nxdomain", True, False)),
        (signed(contoso_com="signed", mail_contoso_com="unsigned"), "mail.contoso.com", "A", ("ok", False, False)),
        (signed(contoso_com="signed"), "wild.example", "A", ("nodata", False, False)),
        (signed(contoso_com="bogus"), "mail.contoso.com", "A", ("servfail", False, True)),
        (signed(contoso_com="bogus"), "gone.contoso.com", "A", ("servfail", False, True)),
        # all names of a chain must be signed, and one that is wrong spoils it
        (signed(www_contoso_com="signed"), "www.contoso.com", "A", ("ok", False, False)),
        (signed(www_contoso_com="signed", mail_contoso_com="signed"), "www.contoso.com", "A", ("ok", True, False)),
        (signed(www_contoso_com="signed", mail_contoso_com="bogus"), "www.contoso.com", "A", ("servfail", False, True)),
    ],
)  # fmt: skip
def test_answers_from_signed_zones(zone: Zone, name: str, type_: str, expected: tuple[str, bool, bool]) -> None:
    answer = zone.lookup(name, type_)
    assert expected == (answer.status, answer.authenticated, answer.bogus)


def test_a_planned_failure_is_no_matter_of_signatures() -> None:
    zone = Zone(_ZONE.records, {("contoso.com", "MX"): "servfail"}, {"contoso.com": "bogus"})
    assert Answer("servfail") == zone.lookup("contoso.com", "MX")


@pytest.mark.parametrize(
    ("status", "ok", "failed"),
    [
        ("ok", True, False),
        ("nodata", False, False),
        ("nxdomain", False, False),
        ("servfail", False, True),
        ("timeout", False, True),
    ],
)
def test_only_missing_answers_count_as_failed(status: str, ok: bool, failed: bool) -> None:
    assert (ok, failed) == (Answer(status).ok, Answer(status).failed)


def test_a_question_is_told_as_in_dig() -> None:
    assert "contoso.com MX" == str(Question("contoso.com", "MX"))


class TwoKeys:
    """Keys that are easily told apart."""

    def public(self, owner: str) -> str:
        return "A" * 392 if owner == "contoso.com" else "B" * 392


def test_a_key_token_is_answered_as_the_key_record_of_its_owner() -> None:
    written = [
        ("s1._domainkey.contoso.com", "TXT", "dkim-key:contoso.com"),
        ("s1._domainkey.b.example", "TXT", "dkim-key: b.example"),
    ]
    zone = Zone.of([*written, ("s2._domainkey.contoso.com", "CNAME", "s1._domainkey.contoso.com")]).with_keys(TwoKeys())
    assert (f"v=DKIM1; k=rsa; p={'A' * 392}",) == zone.lookup("s1._domainkey.contoso.com", "TXT").records
    assert (f"v=DKIM1; k=rsa; p={'B' * 392}",) == zone.lookup("s1._domainkey.b.example", "TXT").records
    assert (
        zone.lookup("s1._domainkey.contoso.com", "TXT").records
        == zone.lookup("s2._domainkey.contoso.com", "TXT").records
    )


def test_other_records_are_the_same_with_and_without_keys() -> None:
    for name, type_ in _ZONE.records:
        assert _ZONE.lookup(name, type_) == _ZONE.with_keys(TwoKeys()).lookup(name, type_)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (f"v=DKIM1; k=rsa; p={'MIIB+/' * 60}==", "v=DKIM1; k=rsa; p=..."),
        (f"p={'MIIB' * 90}; t=y", "p=...; t=y"),
        ("v=DKIM1; p=", "v=DKIM1; p="),
        ("v=DMARC1; p=quarantine; sp=reject", "v=DMARC1; p=quarantine; sp=reject"),
        ("v=spf1 -all", "v=spf1 -all"),
    ],
)
def test_the_log_shows_no_key_material(record: str, told: str) -> None:
    assert [told] == Answer("ok", (record,)).told
