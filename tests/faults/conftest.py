import pytest

from tests.faults import profile


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if profile.LONG:
        terminalreporter.write_line(f"inputs tried: {sum(profile.TRIED)}")
