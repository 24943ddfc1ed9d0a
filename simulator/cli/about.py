"""`mailflow about`: what this is, and with `--fidelity` how well founded every rule is."""

from __future__ import annotations

import json
import pkgutil
from collections import Counter
from collections.abc import Sequence
from importlib import import_module

import click

from simulator import __version__
from simulator.policy.rules import FIDELITIES, Rule, all_rules

__all__ = ["about", "fidelity_markdown", "registered_rules"]

_WHAT = f"""\
mailflow {__version__}
An SMTP mail-flow simulator: plays Exchange Online, SmarterMail and the rest of the internet over real SMTP on
loopback, says which connector carried each message and why, and asserts on the delivery path.

Nothing leaves this computer: only loopback addresses are bound and called, DNS is the lab's own, certificates are
worthless. How well founded each rule is:  mailflow about --fidelity"""

_MEANING = {
    "documented": "the vendor's documentation or an RFC says so",
    "observed": "seen in captures, logs or a running product",
    "inferred": "neither; what fits best with what is known",
    "not modelled": "listed so that nobody believes otherwise",
}


@click.command()
@click.option("--fidelity", is_flag=True, help="Every rule: how well founded it is, and where it comes from.")
@click.option("--markdown", is_flag=True, help="The rules as a page (docs/rules.md).")
@click.option("--dispositions", is_flag=True, help="How a message can end, as a page (docs/dispositions.md).")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def about(fidelity: bool, markdown: bool, dispositions: bool, as_json: bool) -> None:
    """Say what this program is, and how far its rules can be trusted.

    \b
    mailflow about
    mailflow about --fidelity
    mailflow about --dispositions
    """
    if dispositions:
        from simulator.report.dispositions import page

        click.echo(page())
    elif markdown:
        click.echo(fidelity_markdown(registered_rules()))
    elif as_json:
        rules = [
            {"id": r.id, "says": r.says, "fidelity": r.fidelity, "source": r.source, "test": r.test}
            for r in registered_rules()
        ]
        click.echo(json.dumps({"schema": "mailflow/about/1", "version": __version__, "rules": rules}, indent=2))
    elif fidelity:
        _print_table(registered_rules())
    else:
        click.echo(_WHAT)


def registered_rules() -> tuple[Rule, ...]:
    """Every rule of every product, used by a lab or not."""
    for name in ("simulator.policy", "simulator.products"):
        package = import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            import_module(module.name)
    return all_rules()


def _print_table(rules: Sequence[Rule]) -> None:
    wide = max((len(r.id) for r in rules), default=0)
    for one in rules:
        click.echo(f"{one.id:<{wide}}  {one.fidelity:<12}  {one.says}  ({one.source})")
    click.echo(f"\n{_counted(rules)}")


def _counted(rules: Sequence[Rule]) -> str:
    counts = Counter(r.fidelity for r in rules)
    shares = ", ".join(f"{counts[f]} {f}" for f in FIDELITIES if counts[f])
    return f"{len(rules)} rules: {shares or 'none'}"


def fidelity_markdown(rules: Sequence[Rule]) -> str:
    """The rules as a page: the same text for the same rules, in one table for each family of ids."""
    lines = [
        "# Rules", "", "Made by `mailflow about --fidelity --markdown`; do not edit.", "", f"{_counted(rules)}.", "",
        *(f"* **{name}**: {_MEANING[name]}" for name in FIDELITIES),
    ]  # fmt: skip
    for family in dict.fromkeys(_family(r) for r in rules):
        lines += ["", f"## {family}", "", "| rule | fidelity | says | source |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {_cell(r.id)} | {r.fidelity} | {_cell(r.says)} | {_cell(r.source)} |"
            for r in rules
            if _family(r) == family
        ]
    return "\n".join(lines)


def _family(rule: Rule) -> str:
    return rule.id.partition("-")[0]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
