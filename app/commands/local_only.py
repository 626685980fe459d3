"""`--local-only`: radio silence for what is done now."""

import os

import click


def _keep_silence(_context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        os.environ["WARROOM_ROUTING__MODE"] = "local-only"  # which is above every file, for this process


LOCAL_ONLY = click.option(
    "--local-only",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_keep_silence,
    help="Radio silence: nothing is sent to any other machine, whatever the settings say.",
)
