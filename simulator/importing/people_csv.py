"""A CSV file of addresses: any column whose values are addresses counts, and one with names beside it.

    DisplayName,PrimarySmtpAddress          "Bob Berg";bob@contoso.com          bob@contoso.com

The first line is a heading unless an address stands in it. Comma, semicolon and tab part columns.
"""

from __future__ import annotations

import csv
import io

from simulator.importing.found import Found, Note
from simulator.mail.address import Address, AddressError
from simulator.scenario.errors import ScenarioError
from simulator.source import Problem, ProblemList, Source

__all__ = ["read_people_csv"]

_ADDRESSES = (
    "primarysmtpaddress",
    "windowsemailaddress",
    "email",
    "e-mail",
    "emailaddress",
    "mail",
    "address",
    "userprincipalname",
)
_NAMES = ("displayname", "name", "fullname", "alias")


def read_people_csv(text: str, file: str, found: Found, problems: ProblemList) -> None:
    """Adds every address. Raises `ScenarioError` where no column has any."""
    lines = [line for line in text.splitlines() if not line.startswith("#TYPE")]  # Export-Csv writes one
    skipped = len(text.splitlines()) - len(lines)
    head = lines[0] if lines else ""
    delimiter = max(",;\t", key=head.count)
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    heading = [] if any("@" in cell for cell in rows[0]) else [cell.strip().casefold() for cell in rows[0]]
    column = next((heading.index(name) for name in _ADDRESSES if name in heading), None)
    if column is None:
        every = range(max(map(len, rows)))
        column = max(every, key=lambda c: sum(1 for row in rows if c < len(row) and "@" in row[c]))
    names = next((heading.index(name) for name in _NAMES if name in heading), None)
    for place, title in enumerate(heading):
        if place not in (column, names) and title:
            why = "a column that is not read: a list of addresses says who is there, and no more"
            found.notes.append(
                Note("no effect", "addresses", rows[0][place].strip(), why=why, at=Source(file, 1 + skipped, 1))
            )
    count = 0
    for number, row in enumerate(rows, 1 + skipped):
        if (heading and number == 1 + skipped) or not any(cell.strip() for cell in row):
            continue
        at = Source(file, number, 1, max(1, len(delimiter.join(row))))
        word = row[column].strip() if column < len(row) else ""
        try:
            address = str(Address.parse(word.removeprefix("SMTP:").removeprefix("smtp:")))
        except AddressError:
            found.notes.append(Note("not read", "", word or "an empty cell", why="this is no mail address", at=at))
            continue
        found.addresses.append((address, row[names].strip() if names is not None and names < len(row) else "", at))
        count += 1
    if not count:
        raise ScenarioError(Problem(Source(file, 1, 1), "no column of this file holds mail addresses"))
