"""Header text and the parts of a body as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.message import Message
from simulator.mail.mime import content_type, decoded, encoded, parts, pieces


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"), ("=?utf-8?Q?Gr=C3=BC=C3=9Fe_x?=", "Grüße x"), ("=?UTF-8?b?w6Q=?= =?utf-8?b?w7Y=?= end", "äö end"),
        ("a =?iso-8859-1?q?=E4?= b", "a ä b"), ("=?no-such-charset?Q?a?=", "a"), ("=?utf-8?B?!!?=", ""), ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
        ("=?utf-8*de?Q?a?=", "a"),
    ],
)  # fmt: skip
def test_encoded_words_are_read_as_people_see_them(raw: str, text: str) -> None:
    assert text == decoded(raw)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=80))
def test_what_is_encoded_is_ascii_and_reads_the_same(text: str) -> None:
    if "=?" not in text:
        assert (True, text) == (encoded(text).isascii(), decoded(encoded(text)))
    assert all(len(word) <= 75 for word in encoded(text).split(" ") if word.startswith("=?utf-8?B?"))


@pytest.mark.parametrize(
    ("raw", "name", "parameters"),
    [
        ("", "", {}),
        ("Text/HTML; charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('a/b; name="x \\"y\\";z.txt" ; q=1', "a/b", {"name": 'x "y";z.txt', "q": "1"}),
        ("attachment; filename*=utf-8'en'a%20%C3%A4.txt", "attachment", {"filename": "a ä.txt"}),
        ('a/b; name*0="one "; name*1*=two%21', "a/b", {"name": "one two!"}),
    ],
)
def test_parameters_are_read_in_every_form(raw: str, name: str, parameters: dict[str, str]) -> None:
    found = content_type(raw)

    assert (name, parameters) == (found.name, found.parameters)


NESTED = (
    'Content-Type: multipart/mixed; boundary="o"\n\nfor old readers\n--o\nContent-Type: multipart/alternative; boundary=i\n\n'
    "--i\n\nplain\n--i\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    "<style>p {}</style><p>f=C3=BCnf &lt; 6</p>\n--i--\n\n--o\nContent-Type: image/png; name=p.png\nContent-Transfer-Encoding: base64\n\n"
    "AAEC\n--o\nContent-Type: text/plain\nContent-Disposition: attachment\n\nfile\n--o--\nafter\n"
)


def test_a_message_is_taken_apart_to_its_leaves() -> None:
    found = parts(Message.parse(NESTED.replace("\n", "\r\n").encode()))

    assert [("text/plain", "plain", False), ("text/html", "fünf < 6", False)] == [
        (p.type, p.text.strip(), p.is_attachment) for p in found[:2]
    ]
    assert [("image/png", "p.png", b"\0\1\2"), ("text/plain", "unnamed", b"file")] == [
        (p.type, p.name, p.content) for p in found[2:]
    ]


@given(st.binary(max_size=300))
def test_reading_never_fails(content: bytes) -> None:
    message = Message.parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + content)

    assert all(isinstance(part.text, str) for part in parts(message))


def test_nesting_without_end_ends() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"

    assert 1 == len(parts(Message.parse(head * 100)))


def nested(levels: int, text: bytes) -> Message:
    """A text within so many multiparts, each with a boundary of its own."""
    made = b"Content-Type: text/plain\r\n\r\n" + text
    for level in range(levels):
        mark = b"b%d" % level
        made = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--\r\n" % (mark, mark, made, mark)
    return Message.parse(made)


@pytest.mark.parametrize(("octets", "type"), [(2**20, "text/plain"), (2**23, "multipart/mixed")])
def test_a_large_message_is_searched_to_a_depth_that_it_can_be_searched_to(octets: int, type: str) -> None:
    """A megabyte 29 levels deep is 29 megabytes to search, eight of them are 232."""
    assert [type] == [part.type for part in parts(nested(29, b"x" * octets))]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (b"--b\r\nA\r\n--b\r\nB\r\n--b--\r\n", [b"A", b"B"]),
        (b"preamble\r\n--b\r\nA\r\n--b--\r\nepilogue\r\n--b\r\nX", [b"A"]),
        (b"--b\r\n--b\r\nA", [b"", b"A"]),  # an empty part
        (b"--b \t\nA\n--bb\nB\n--b--", [b"A\n--bb\nB"]),
        (b"--b\r\nA --b\r\n", [b"A --b\r\n"]),
        (b"--b-- \r\n", []),
        (b"no boundary", []),
    ],
)
def test_parts_stand_between_boundary_lines(rest: bytes, expected: list[bytes]) -> None:
    assert expected == [rest[begin:end] for begin, end in pieces(rest, "b")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>a</p>b", " a b"),
        ("<STYLE>x > y</style>a<b", " a<b"),
        ("<script>1<script>2</script>3</script>4", " 3 4"),
        ("<scripts>a", " a"),
        ("<script>never closed", " never closed"),
        ("a < b", "a < b"),
    ],
)
def test_people_do_not_read_tags(text: str, expected: str) -> None:
    (part,) = parts(Message.parse(b"Content-Type: text/html\r\n\r\n" + text.encode()))
    assert expected == part.text
