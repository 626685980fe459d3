"""Loading settings: files, variables, origins, and errors that name file, line and key."""

from agents.configuration.errors import ConfigurationError
from agents.configuration.loading import USER_FILE, Configuration, load_settings, user_config_file, warroom_home

__all__ = ["USER_FILE", "Configuration", "ConfigurationError", "load_settings", "user_config_file", "warroom_home"]
