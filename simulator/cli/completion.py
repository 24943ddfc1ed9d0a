"""`mailflow completion`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click

__all__ = ["completion"]

_HOW = {
    "bash": 'eval "$(mailflow completion bash)"     in ~/.bashrc',
    "zsh": 'eval "$(mailflow completion zsh)"      in ~/.zshrc',
    "fish": "mailflow completion fish > ~/.config/fish/completions/mailflow.fish",
}


@click.command(epilog="\b\n" + "\n".join(_HOW.values()))
@click.argument("shell", type=click.Choice(list(_HOW)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL."""
    from click.shell_completion import ShellComplete, get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    # The base class's method: bash's own starts a shell to ask for its version.
    click.echo(ShellComplete.source(found(ctx.find_root().command, {}, "mailflow", "_MAILFLOW_COMPLETE")))
