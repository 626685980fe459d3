"""Places on a person's machine that an agent's command has no business reading."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_IN_HOME = """
.ssh .gnupg .pki .aws .azure .kube .docker .oci .fly .terraform.d .vault-token .password-store .minikube
.colima .lima .rd .orbstack .netrc .authinfo .authinfo.gpg .npmrc .yarnrc.yml .pypirc .git-credentials .pgpass
.my.cnf .s3cfg .boto .dockercfg .cargo/credentials .cargo/credentials.toml .gem/credentials .m2/settings.xml
.m2/settings-security.xml .gradle/gradle.properties .composer/auth.json .ollama/id_ed25519
.cache/huggingface/token .huggingface/token .env .envrc .config/gcloud .config/gh .config/hub .config/glab-cli
.config/git/credentials .config/op .config/rclone .config/containers .config/doctl .config/heroku
.config/pypoetry/auth.toml .config/pip/pip.conf .pip/pip.conf .config/anthropic .config/openai
.config/github-copilot .config/sops .config/age .config/Bitwarden .config/1Password .claude .claude.json
.codex .gemini .aider.conf.yml .subversion/auth .local/share/keyrings .local/share/kwalletd
.local/share/containers .local/share/docker .local/share/atuin .bash_history .zsh_history .python_history
.psql_history .mysql_history .node_repl_history .sqlite_history .local/share/fish/fish_history .histfile
.mozilla .thunderbird .librewolf .zen .config/google-chrome .config/chromium .config/BraveSoftware
.config/microsoft-edge .config/vivaldi .config/opera .config/Signal .config/Slack .config/discord
.config/Element .var/app snap .cache/mozilla .cache/google-chrome .cache/chromium .electrum .bitcoin .ethereum
Library/Keychains Library/Cookies
"""
_ON_MACHINE = """
/etc/shadow /etc/shadow- /etc/gshadow /etc/gshadow- /etc/sudoers /etc/sudoers.d /etc/ssh /etc/kubernetes
/etc/docker /etc/krb5.keytab /etc/ssl/private /etc/NetworkManager/system-connections /etc/wireguard
/etc/openvpn /var/lib/docker /var/lib/containerd /var/lib/containers /var/lib/kubelet /var/spool/mail
/var/mail /var/spool/cron /var/lib/sudo
"""


def secret_places(homes: Iterable[Path]) -> Iterator[Path]:
    """The secret files and folders that exist now, symlinks resolved; below each of `homes` and on the machine."""
    candidates = [home / place for home in homes for place in _IN_HOME.split()]
    candidates += [Path(place) for place in _ON_MACHINE.split()]
    seen: set[str] = set()
    for candidate in candidates:
        real = os.path.realpath(candidate)
        if real not in seen and os.access(real, os.F_OK):
            seen.add(real)
            yield Path(real)
