"""`mailflow schema`: the JSON Schema of lab and scenario files, for editors."""

from __future__ import annotations

import json

import click

__all__ = ["schema"]


@click.command(epilog="In an editor that reads YAML:  # yaml-language-server: $schema=FILE  as the first line.")
@click.argument("part", type=click.Choice(["lab", "scenario"]), required=False)
@click.option("--markdown", is_flag=True, help="Every key as a page (docs/scenario.md).")
def schema(part: str | None, markdown: bool) -> None:
    """Print the JSON Schema of lab or scenario files, of both without PART.

    \b
    mailflow schema > mailflow.schema.json
    mailflow schema lab
    mailflow schema --markdown
    """
    if markdown:
        from simulator.scenario.reference import page

        if part:
            raise click.UsageError("--markdown is the page of both")
        click.echo(page())
        return
    from simulator.scenario.schema import json_schema

    whole = json_schema()
    if part:
        whole = {
            "$schema": whole["$schema"],
            "title": f"mailflow {part}",
            "$ref": f"#/$defs/{part}",
            "$defs": whole["$defs"],
        }
    click.echo(json.dumps(whole, indent=2, ensure_ascii=True))
