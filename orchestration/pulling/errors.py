"""What a pull may say. Messages of drivers and servers are not passed on: they hold URLs, secrets, people's data."""


class PullError(Exception):
    """A pull that cannot be made: what of it, why, and what to do."""
