"""`heartbeat keystore`: put secrets into a file that the configuration refers to.

Owns the dialogues. A secret never shows: not on the screen, not in an error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from heartbeat.cmd.loading import request_of
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.config import keystore_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.config import Keystore

FORBIDDEN = frozenset("${}:")


@click.group(invoke_without_command=True)
@takes_global_options
@click.pass_context
def keystore(context: click.Context) -> None:
    """Manage the file of secrets for ${NAME} in the configuration."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@keystore.command()
@takes_global_options
@click.option("--force", is_flag=True, help="Replace a keystore that exists.")
@click.pass_context
def create(context: click.Context, *, force: bool) -> int:
    """Create an empty keystore."""
    store = _store(context)
    question = "A keystore already exists, Overwrite?"
    if store.exists() and not force and not _agrees(question):
        click.echo("Exiting without creating heartbeat keystore.")
        return 0
    store.write({})
    click.echo("Created heartbeat keystore")
    return 0


@keystore.command()
@takes_global_options
@click.argument("names", metavar="NAME", nargs=-1)
@click.option("--stdin", is_flag=True, help="Read the secret from standard input.")
@click.option("--force", is_flag=True, help="Replace a secret that exists.")
@click.pass_context
def add(
    context: click.Context, names: tuple[str, ...], *, stdin: bool, force: bool
) -> int:
    """Add a secret under a name."""
    name = _only(names)
    store = _store(context)
    if not store.exists() and not (stdin or force):
        question = "The keystore does not exist. Do you want to create it?"
        if not _agrees(question):
            return _refused("exiting without creating heartbeat keystore")
        store.write({})
        click.echo("Created keystore")
    secrets = _secrets(store, context)
    if name in secrets and not force:
        if stdin:
            return _refused(
                f"the setting {name} already exists in the keystore; use `--force` to"
                " replace it"
            )
        if not _agrees(f"Setting {name} already exists, Overwrite?"):
            click.echo("Exiting without modifying keystore.")
            return 0
    store.write(secrets | {name: _from_stdin() if stdin else _typed(name)})
    click.echo("Successfully updated the keystore")
    return 0


@keystore.command("list")
@takes_global_options
@click.pass_context
def list_names(context: click.Context) -> None:
    """List the names of the secrets."""
    for name in sorted(_secrets(_store(context), context)):
        click.echo(name)


@keystore.command()
@takes_global_options
@click.argument("names", metavar="NAME...", nargs=-1)
@click.pass_context
def remove(context: click.Context, names: tuple[str, ...]) -> int:
    """Remove secrets; all of them or, if a name is unknown, none."""
    store = _store(context)
    if not names:
        return _refused("you must supply at least one key to remove")
    if not store.exists():
        return _refused(
            "the keystore doesn't exist. Use the 'create' command to create one"
        )
    secrets = _secrets(store, context)
    for name in names:
        if name not in secrets:
            return _refused(f"could not find key '{name}' in the keystore")
    store.write({name: secrets[name] for name in secrets if name not in names})
    for name in names:
        click.echo(f"successfully removed key: {name}")
    return 0


def _store(context: click.Context) -> Keystore:
    return keystore_file(request_of(invocation(context)))


def _secrets(store: Keystore, context: click.Context) -> dict[str, str]:
    request = request_of(invocation(context))
    return store.read(strict_permissions=request.strict_permissions)


def _only(names: Sequence[str]) -> str:
    """Return the one name that is given; anything else is a usage error."""
    if not names:
        raise click.ClickException("failed to create the secret: no key provided")
    if len(names) > 1:
        raise click.ClickException(
            f"could not create secret for: [{' '.join(names)}], you can only provide"
            " one key per invocation"
        )
    if FORBIDDEN & set(names[0]):
        text = f"'{names[0]}' cannot be referred to: no name holds $ {{ }} or :"
        raise click.ClickException(text)
    return names[0]


def _refused(message: str) -> int:
    click.echo(message, err=True)
    return 1


def _agrees(question: str) -> bool:
    """Ask until the answer is yes or no; nothing means no."""
    while True:
        answer: str = click.prompt(f"{question} [y/N]", default="", show_default=False)
        match answer.strip().lower():
            case "y" | "yes":
                return True
            case "" | "n" | "no":
                return False
            case _:
                click.echo(f"Did not understand the answer '{answer}'")


def _typed(name: str) -> str:
    value: str = click.prompt(f"Enter value for {name}", hide_input=True)
    return value


def _from_stdin() -> str:
    """Return standard input as text, without the line end that `echo` adds."""
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")
