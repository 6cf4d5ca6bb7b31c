"""The project's ``kedro run``: Kedro's own, with ``NamespaceRunner`` unless another is named."""

import click
from kedro.framework.cli.project import run

RUNNER = "spatial_dual.runner.NamespaceRunner"

for option in run.params:
    if option.name == "runner":
        option.default = RUNNER


@click.group(name="spatial_dual")
def cli() -> None:
    """Commands of the project."""


cli.add_command(run)
