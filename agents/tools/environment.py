"""The environment of an agent's command: what tools need to work, nothing that opens a door."""

import os
import pwd
import re
from collections.abc import Mapping
from pathlib import Path

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:\w*KEYS?|KEY_ID|\w*TOKENS?|\w*SECRETS?|\w*PASSW(?:OR)?DS?|\w*PASSPHRASE|PASS|PW|CREDS?|\w*CREDENTIALS?\w*"
    r"|AUTH|AUTHORIZATION|APIKEY|PAT|COOKIES?|BEARER|JWT|DSN|WEBHOOK|SALT|PRIVATE|CONN(?:ECTION)?_?STR(?:ING)?)(?:_|$)"
    r"|SECRET|PASSWORD|PASSWD|CREDENTIAL|APIKEY|API_KEY|ACCESS_?KEY|AUTH_?TOKEN|WEBHOOK",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"sk-[A-Za-z0-9_-]{16,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abeprs]-[\w-]{10,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bhf_\w{20,}|\bnpm_\w{30,}|\bpypi-[\w-]{40,}|\beyJ[\w-]{10,}\.[\w-]{10,}\."
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|\w+://[^/\s:@]*:[^/\s@]+@"
)
_DROPPED_WORDS = """
CI HOME OLDPWD PWD SHLVL _ SSH_AGENT_PID SSH_CONNECTION SSH_CLIENT SSH_TTY SSH_ASKPASS SUDO_ASKPASS DISPLAY
WAYLAND_DISPLAY XAUTHORITY KUBECONFIG GNUPGHOME GPG_AGENT_INFO BASH_ENV ENV ZDOTDIR PROMPT_COMMAND LD_PRELOAD
LD_AUDIT DYLD_INSERT_LIBRARIES TMUX TMUX_PANE STY WSL_INTEROP PYTHONSTARTUP COLORTERM TERMCAP FORCE_COLOR
CLICOLOR_FORCE COLUMNS LINES MAKEFLAGS MFLAGS MAKELEVEL NETRC CURL_HOME WGETRC PGPASSFILE XDG_RUNTIME_DIR
XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_STATE_HOME
"""
_DROPPED = frozenset(_DROPPED_WORDS.split())
_DROPPED_PREFIXES = (
    *(
        "ANTHROPIC_",
        "CLAUDE_",
        "OLLAMA_",
        "OPENAI_",
        "WARROOM_",
        "AWS_",
        "AZURE_",
        "ARM_",
        "GOOGLE_",
        "GCLOUD_",
        "CLOUDSDK_",
    ),
    *(
        "GITHUB_",
        "GH_",
        "GITLAB_",
        "CI_",
        "ACTIONS_",
        "VAULT_",
        "DOCKER_",
        "CONTAINER_",
        "PODMAN_",
        "DBUS_",
        "SSH_AUTH",
    ),
    *(
        "GIT_",
        "PYTEST_",
        "TEXTUAL",
        "OP_",
        "BASH_FUNC_",
        "BUNDLE_",
        "TF_VAR_",
        "TF_TOKEN",
        "TF_CLI_CONFIG",
        "TWINE_",
        "POETRY_HTTP_",
    ),
    *("COVERAGE_PROCESS", "COV_CORE_"),
)
TOOL_HOMES = {
    "CARGO_HOME": ".cargo",
    "RUSTUP_HOME": ".rustup",
    "PYENV_ROOT": ".pyenv",
    "PYTHONUSERBASE": ".local",
    "NVM_DIR": ".nvm",
    "VOLTA_HOME": ".volta",
    "FNM_DIR": ".local/share/fnm",
    "RBENV_ROOT": ".rbenv",
    "ASDF_DATA_DIR": ".asdf",
    "MISE_DATA_DIR": ".local/share/mise",
    "SDKMAN_DIR": ".sdkman",
    "GOMODCACHE": "go/pkg/mod",
    "POETRY_VIRTUALENVS_PATH": ".cache/pypoetry/virtualenvs",
    "PLAYWRIGHT_BROWSERS_PATH": ".cache/ms-playwright",
}
"""Where tools that a person installed for themselves look, unless told otherwise: below the home that is not HOME."""
_SET = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}

GIT_IDENTITY = "[user]\n\tname = War Room agent\n\temail = agent@warroom.invalid\n"
"""~/.gitconfig of the private home, so that a test suite that commits somewhere works."""


def looks_secret(name: str, value: str) -> bool:
    """The variable's name or value is of a kind that opens a door somewhere."""
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))


def real_home(environ: Mapping[str, str]) -> Path | None:
    """The person's home folder: HOME, else the user database; None when there is neither."""
    home = environ.get("HOME", "")
    if not os.path.isabs(home):
        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return None
    path = Path(os.path.normpath(home))
    return path if path.is_absolute() and path != Path("/") else None


def child_environment(
    environ: Mapping[str, str], *, home: str, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """`environ` for an agent's command: secrets, sockets and our own variables out, no colour, no prompts, no pager.

    `home` becomes HOME; tools below the person's real home are still found. `extra` is set last and not filtered.
    """
    env = {name: value for name, value in environ.items() if not _drop(name, value)}
    env.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin")
    if not env.get("LC_ALL") and not env.get("LANG"):
        env["LANG"] = "C.UTF-8"
    person = real_home(environ)
    for variable, folder in TOOL_HOMES.items():
        if person is not None and variable not in env and (person / folder).is_dir():
            env[variable] = str(person / folder)
    return {**env, **_SET, "HOME": home, **(extra or {})}


def _drop(name: str, value: str) -> bool:
    upper = name.upper()
    return upper in _DROPPED or upper.startswith(_DROPPED_PREFIXES) or looks_secret(name, value)
