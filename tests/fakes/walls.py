"""The walls that can be put up on this machine; a test of one that cannot is skipped and says how it could."""

import asyncio
import functools

import pytest

from agents.settings import SandboxKind
from agents.tools.sandbox import SandboxUnavailable, choose_sandbox

KINDS: tuple[SandboxKind, ...] = ("bubblewrap", "landlock")


@functools.cache
def missing(kind: SandboxKind) -> str:
    """Why this wall cannot be put up here, and what to do; empty: it can."""
    try:
        asyncio.run(choose_sandbox(kind))
    except SandboxUnavailable as error:
        return str(error)
    return ""


WALLS = [
    pytest.param(kind, marks=pytest.mark.skipif(bool(missing(kind)), reason=missing(kind)), id=kind) for kind in KINDS
]
