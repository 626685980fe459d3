"""The one error of a configuration: it names the file, the line, the key and the nearest valid key."""


class ConfigurationError(Exception):
    """A person's configuration cannot be used. `str(error)` is sanitized and ready to show, one problem per line."""

    exit_code = 2
