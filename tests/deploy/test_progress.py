"""How far something is, is told where people look: a bar on a terminal, a few lines in a pipe."""

import io

from rich.console import Console

from deploy.local.progress import steps_of


def test_pipe_gets_a_few_plain_lines():
    output = io.StringIO()

    with steps_of("Fetching", 46, Console(file=output)) as tell:
        for done in range(1, 47):
            tell(done)

    assert output.getvalue().splitlines() == [
        "Fetching: 0 of 46",
        "Fetching: 10 of 46",
        "Fetching: 19 of 46",
        "Fetching: 28 of 46",
        "Fetching: 37 of 46",
        "Fetching: 46 of 46",
    ]


def test_terminal_gets_a_bar_that_ends_full():
    output = io.StringIO()

    with steps_of("Fetching", 3, Console(file=output, force_terminal=True, width=80)) as tell:
        tell(3)

    assert "3/3" in output.getvalue()
    assert "━" in output.getvalue()
