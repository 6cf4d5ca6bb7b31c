"""What a user of the command did wrong or lacks."""


class CommandError(Exception):
    """Ends the command; the message says what is wrong and what to do."""
