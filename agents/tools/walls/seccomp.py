"""The filter of system calls that both walls on Linux install, as a program of classic BPF (seccomp(2), bpf(4))."""

import errno
import socket
import struct
from collections.abc import Iterable

from agents.tools.walls.syscalls import (
    ABSENT,
    ARCHITECTURES,
    CREATES,
    GIVES_MODE,
    JUDGED,
    OF_ITSELF,
    OF_OTHERS,
    SHARED_MEMORY,
)

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCH, _ARGUMENT = 0, 4, (16, 24, 32, 40)
"""Offsets in struct seccomp_data; of an argument its lower half, both machines being little-endian."""
_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET and NEWTIME."""
_KEYSTROKES = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX put words into a terminal's mouth."""
_BECOMES_OWNER = 0o6000
"""S_ISUID and S_ISGID: whoever runs such a file does so as the person, where somebody else can get at it."""
_MAKES_FILE = 0x400040
"""O_CREAT and __O_TMPFILE."""
_FIRST_X32 = 0x40000000
_KIND = 0xF
_CONNECTED = (1, 5)
"""SOCK_STREAM and SOCK_SEQPACKET: a pair of them talks to itself only."""

UNIX, INET, INET6, NETLINK = int(socket.AF_UNIX), 2, 10, 16
Instruction = tuple[int, int, int, int]


def program(machine: str, *, families: Iterable[int], own_namespaces: bool) -> bytes | None:
    """The filter for `machine` (as `platform.machine()` names it); None where the numbers are not known.

    `families`: address families of which sockets may be made. AF_VSOCK and other families that reach around a network
    namespace are never given. Without UNIX, pairs of datagram sockets are refused too: one end can send to any path.
    `own_namespaces`: the command has a PID and an IPC namespace, so that what it can name there is its own.
    """
    known = ARCHITECTURES.get(machine)
    if known is None:
        return None
    code = [
        *((_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, known.audit), _answer(_KILL)),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if known.x32:
        code += [(_AT_LEAST, 0, 1, _FIRST_X32), _answer(_ERRNO | errno.ENOSYS)]
    for name, number in known.numbers.items():
        if name in JUDGED or (own_namespaces and name in SHARED_MEMORY | OF_OTHERS):
            continue
        code += [(_EQUAL, 0, 1, number), _answer(_ERRNO | (errno.ENOSYS if name in ABSENT else errno.EPERM))]
    judged = [*_judgements(tuple(families), own_namespaces), *_of_modes()]
    for name, judgement in (each for each in judged if each[0] in known.numbers):
        code += [(_EQUAL, 0, len(judgement), known.numbers[name]), *judgement]
    code.append(_answer(_ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _judgements(families: tuple[int, ...], own_namespaces: bool) -> Iterable[tuple[str, list[Instruction]]]:
    refuse = _answer(_ERRNO | errno.EPERM)
    for name in ("clone", "unshare"):
        yield name, [(_LOAD, 0, 0, _ARGUMENT[0]), (_ANY_BIT, 0, 1, _NEW_NAMESPACES), refuse, _answer(_ALLOW)]
    unknown = _answer(_ERRNO | errno.EAFNOSUPPORT)
    allowed = [step for family in families for step in ((_EQUAL, 0, 1, family), _answer(_ALLOW))]
    yield "socket", [(_LOAD, 0, 0, _ARGUMENT[0]), *allowed, unknown]
    if UNIX not in families:
        connected = [step for kind in _CONNECTED for step in ((_EQUAL, 0, 1, kind), _answer(_ALLOW))]
        yield "socketpair", [(_LOAD, 0, 0, _ARGUMENT[1]), (_AND, 0, 0, _KIND), *connected, refuse]
    if not own_namespaces:
        itself = [(_LOAD, 0, 0, _ARGUMENT[0]), (_EQUAL, 0, 1, 0), _answer(_ALLOW), refuse]
        yield from ((name, itself) for name in sorted(OF_ITSELF))
        own_priority = [(_LOAD, 0, 0, _ARGUMENT[1]), (_EQUAL, 0, 1, 0), _answer(_ALLOW), refuse]
        yield "setpriority", [(_LOAD, 0, 0, _ARGUMENT[0]), (_EQUAL, 1, 0, 0), refuse, *own_priority]
    keys = [step for request in _KEYSTROKES for step in ((_EQUAL, 0, 1, request), refuse)]
    yield "ioctl", [(_LOAD, 0, 0, _ARGUMENT[1]), *keys, _answer(_ALLOW)]


def _of_modes() -> Iterable[tuple[str, list[Instruction]]]:
    refused = [(_ANY_BIT, 0, 1, _BECOMES_OWNER), _answer(_ERRNO | errno.EPERM), _answer(_ALLOW)]
    for name, mode in GIVES_MODE.items():
        yield name, [(_LOAD, 0, 0, _ARGUMENT[mode]), *refused]
    for name, (flags, mode) in CREATES.items():
        makes = [(_LOAD, 0, 0, _ARGUMENT[flags]), (_ANY_BIT, 1, 0, _MAKES_FILE), _answer(_ALLOW)]
        yield name, [*makes, (_LOAD, 0, 0, _ARGUMENT[mode]), *refused]


def _answer(value: int) -> Instruction:
    return (_RETURN, 0, 0, value)
