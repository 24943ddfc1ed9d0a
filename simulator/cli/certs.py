"""`mailflow certs`: the lab's authorities and certificates as PEM files, for programs outside the lab.

They are valid from now on, whatever the lab's mail time, so that swaks, openssl or a real Postfix accept them. Every
call makes new ones. A file that an earlier call wrote is replaced; any other is left alone unless `--force` is given.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from simulator.cli.wall_clock import today
from simulator.cli.which_lab import lab_option, the_lab

__all__ = ["certs"]


@click.command()
@lab_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("certs"), show_default=True,
              help="The folder to write into.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files that mailflow did not write.")
def certs(lab_file: Path | None, out: Path, force: bool) -> None:
    """Write the authorities and certificates of a lab, with their keys.

    \b
    mailflow certs --lab labs/contoso.yaml
    mailflow certs --lab labs/contoso.yaml --out pem --force

    They are worthless: use them for nothing but a lab.
    """
    from simulator.live.pki import Authorities

    now = today()
    lab = the_lab(lab_file).beginning(now)
    authorities = Authorities()
    issued = {name: authorities.issue(s.certificate, now) for name, s in lab.servers.items() if s.certificate}
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=out) as folder:
            made = authorities.write(Path(folder), issued)
            foreign = [out / p.name for p in made if _is_foreign(out / p.name)]
            if foreign and not force:
                names = ", ".join(str(p) for p in foreign)
                raise click.UsageError(f"not written by mailflow: {names}. Choose another --out, or --force.")
            for path in made:
                os.replace(path, out / path.name)  # keeps the mode: keys can be read by their owner only
    except OSError as failure:
        raise click.UsageError(f"cannot write into {out}: {failure.strerror or failure}") from None
    _print(out, (p.name for p in made))
    click.echo(f"{len(authorities.known)} authorities, {len(issued)} certificates of {lab.name}, valid from now on")


def _print(out: Path, names: Iterable[str]) -> None:
    for name in names:
        click.echo(f"wrote {out / name}")


def _is_foreign(path: Path) -> bool:
    """Whether a file stands there that was not written by an earlier call."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509.oid import NameOID

    if not os.path.lexists(path):
        return False
    is_key = path.name.endswith(".key.pem")
    holder = path.with_name(path.name.replace(".key.pem", ".chain.pem")) if is_key else path
    try:
        shown = x509.load_pem_x509_certificate(holder.read_bytes())
        owners = shown.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        ours = any(str(o.value).startswith("mailflow lab") for o in owners)
        return not ours or (is_key and load_pem_private_key(path.read_bytes(), None).public_key() != shown.public_key())
    except (OSError, ValueError, TypeError):
        return True
