"""The command line: run, report, compare, explain, list, backends."""

import click

from kldiv_conformance._command_list import backends, explain, list_groups
from kldiv_conformance._command_report import compare, report
from kldiv_conformance._command_run import run


@click.group(no_args_is_help=False)
@click.version_option(package_name="kldiv-xp")
def main() -> None:
    """Judge a KL divergence loss, in any framework, by exact results."""


for command in (run, report, compare, explain, list_groups, backends):
    main.add_command(command)
