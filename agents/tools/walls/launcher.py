"""Started as a child of War Room, with the standard library only: walls itself in, runs one command, ends it all.

`python -I -S launcher.py FD` reads its orders from FD (`Orders` in landlock.py writes them) and stays the parent of
everything the command starts. SIGTERM is passed on to the command; SIGUSR1, the command's end, and the death of War
Room end every process of the command, whatever session or environment it gave itself: the launcher is in a domain of
its own around the command's, out of which kill(-1) does not reach and into which no command does. It counts the
processes itself, where the system grants it at a priority that thousands of them cannot take from it.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import signal
import sys
from contextlib import suppress

TYPE_CHECKING = False  # typing takes as long to import as half of the rest
if TYPE_CHECKING:
    from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_REFER = 1 << 13
_SET_PDEATHSIG, _SET_SECCOMP, _CAPBSET_DROP, _SET_SUBREAPER, _SET_NO_NEW_PRIVS, _CAP_AMBIENT = 1, 22, 24, 36, 38, 47
_AMBIENT_CLEAR_ALL = 4
_NEW_MOUNTS, _NEW_USER, _NEW_NET = 0x00020000, 0x10000000, 0x40000000
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _READ_ONLY = 442, -100, 0x8000, 1
_BIND, _PRIVATE = 0x1000 | 0x4000, 1 << 18
"""With what is mounted below."""
_NO_SETUID_NO_DEVICES = 2 | 4
_CAPABILITY_VERSION_3 = 0x20080522
_O_PATH = 0o10000000
_LOOK_EVERY_S = 0.05

_libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The kernel refused a step; the message names it."""


def _call(step: str, result: int) -> int:
    if result < 0:
        raise Refused(f"{step}: {os.strerror(ctypes.get_errno())}")
    return result


def _prctl(step: str, option: int, first: Any = 0, second: Any = 0) -> None:
    numbers = (ctypes.c_ulong(value) if isinstance(value, int) else value for value in (first, second))
    _call(step, _libc.prctl(option, *numbers, ctypes.c_ulong(0), ctypes.c_ulong(0)))


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _enter_domain(files: int, network: int, scoped: int, size: int, rules: list[tuple[str, int]]) -> None:
    """Restrict this process and all it starts. `size`: of struct landlock_ruleset_attr as this kernel knows it."""
    attributes = _Ruleset(files, network, scoped)
    ruleset = _call(
        "landlock_create_ruleset",
        _libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)),
    )
    for path, allowed in rules:
        try:
            place = os.open(path, _O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # it is gone since the list was made, or was never reachable: then it is not granted
        rule = _PathBeneath(allowed, place)
        result = _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
        os.close(place)
        _call(f"landlock_add_rule {path}", result)
    _call("landlock_restrict_self", _libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)))
    os.close(ruleset)


def _own_namespaces(flags: int) -> None:
    """Namespaces of the kinds `flags` names, in a user namespace where that takes one."""
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(flags) == 0:
        return
    _call("a user namespace", _libc.unshare(_NEW_USER | flags))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _loopback_up() -> None:
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


class _MountAttributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace"))


def _mount_attributes(path: str, set_: int, clear: int, propagation: int = 0) -> None:
    attributes = _MountAttributes(set_, clear, propagation, 0)
    result = _libc.syscall(
        *(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), _AT_RECURSIVE),
        *(ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes))),
    )
    _call(f"mount_setattr {path}", result)


def _read_only(places: list[tuple[str, bool]]) -> None:
    """Nothing can be changed but the `places` that are true, the outer ones first: Landlock itself does not look at
    modes, owners, dates and attributes."""
    _mount_attributes("/", _READ_ONLY, 0, _PRIVATE)
    for path, writable in places:
        name = os.fsencode(path)
        _call(f"mount {path}", _libc.mount(name, name, None, ctypes.c_ulong(_BIND), None))
        _mount_attributes(path, 0 if writable else _READ_ONLY, _READ_ONLY if writable else 0)


def _own_shared_memory(size: int) -> None:
    """A /dev/shm that no other program has, of at most `size` bytes."""
    options = f"mode=1777,size={size}".encode()
    kinds = ctypes.c_ulong(_NO_SETUID_NO_DEVICES)
    _call("mount /dev/shm", _libc.mount(b"tmpfs", b"/dev/shm", b"tmpfs", kinds, options))


def _drop_capabilities() -> None:
    """What root may do beyond other users. Who has none to drop is not asked to."""
    for capability in range(64):
        if _libc.prctl(_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break
    _libc.prctl(_CAP_AMBIENT, ctypes.c_ulong(_AMBIENT_CLEAR_ALL), 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call("capset", _libc.capset(header, (ctypes.c_uint32 * 6)()))


def _install_filter(code: bytes) -> None:
    program = _Filter(len(code) // 8, code)
    _prctl("seccomp", _SET_SECCOMP, 2, ctypes.byref(program))


def _limit(name: str, value: int) -> None:
    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # Of processor time the soft limit's signal tells why it ends, the hard one's does not.
    resource.setrlimit(kind, (limit, hard if name == "RLIMIT_CPU" else limit))


def _wall_in(orders: dict[str, Any]) -> None:
    """The launcher's own part: what holds for it and, by inheritance, for the command."""
    _prctl("PR_SET_PDEATHSIG", _SET_PDEATHSIG, int(signal.SIGUSR1))
    if os.getppid() != orders["parent"]:
        os._exit(1)
    _prctl("PR_SET_CHILD_SUBREAPER", _SET_SUBREAPER, 1)
    with suppress(OSError):  # for root; what is forked from here has an ordinary priority
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    _prctl("PR_SET_NO_NEW_PRIVS", _SET_NO_NEW_PRIVS, 1)
    if flags := (_NEW_NET if orders["own_network"] else 0) | (_NEW_MOUNTS if orders["places"] else 0):
        _own_namespaces(flags)
    if orders["own_network"]:
        _loopback_up()
    if orders["places"]:
        _read_only(orders["places"])
        _own_shared_memory(orders["shared_memory"])
    _drop_capabilities()
    if orders["scoped"]:
        # A domain that says nothing about moving files between folders forbids it, also inside the worktree.
        _enter_domain(_REFER, 0, orders["scoped"], orders["size"], [("/", _REFER)])


def _become(orders: dict[str, Any], report: int) -> None:
    """The command's part, in the child. Never returns; what went wrong is written to `report`."""
    try:
        os.setsid()
        _prctl("PR_SET_PDEATHSIG", _SET_PDEATHSIG, int(signal.SIGKILL))
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, orders["priority"])
        for name, value in orders["limits"].items():
            if value is not None:
                _limit(name, value)
        os.chdir(orders["cwd"])
        _enter_domain(orders["files"], orders["network"], orders["scoped"], orders["size"], orders["rules"])
        if orders["filter"]:
            _install_filter(orders["filter"])
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execv(orders["argv"][0], orders["argv"])
    except BaseException as error:
        os.write(report, f"{type(error).__name__}: {error}".encode()[:2000])
    finally:
        os._exit(1)


def _held_in() -> bool:
    """Signals do not leave this process's domain, as a try on War Room itself shows: then kill(-1) is safe."""
    try:
        os.kill(os.getppid(), 0)
    except PermissionError:
        return True
    return False


def _end_all(everything: bool) -> None:
    """SIGKILL to every process in the domain: the kernel sends it to all before one of them can start another.

    Without a scope for signals to each descendant, again until no new one is found.
    """
    if everything:
        with suppress(OSError):
            os.kill(-1, signal.SIGKILL)
        return
    ended: set[int] = set()
    while found := set(_below(os.getpid(), sys.maxsize)[0]) - ended:
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        ended |= found


def _below(root: int, most: int) -> tuple[list[int], int]:
    """The processes below `root` and their threads; it stops counting soon after `most` processes."""
    found: list[int] = []
    threads = 0
    open_ = [root]
    while open_ and len(found) <= most:
        pid = open_.pop()
        with suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                threads += pid != root
                with suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                    children = [int(word) for word in file.read().split()]
                    found += children
                    open_ += children
    return found, threads


class _Guard:
    """Ends everything when there are too many processes."""

    def __init__(self, most: tuple[int, int], everything: bool, report: int) -> None:
        """`most`: processes and threads. `report`: where it says so."""
        self._processes, self._threads = most
        self._everything = everything
        self._report = report
        self._least = _tasks_of_machine()

    def look(self, *_: object) -> None:
        """Counts only when the whole machine has so many more than at its emptiest, which is read at once."""
        now = _tasks_of_machine()
        self._least = min(self._least, now)
        if now - self._least <= self._processes:
            return
        found, threads = _below(os.getpid(), self._processes)
        if len(found) > self._processes or threads > self._threads:
            _end_all(self._everything)
            with suppress(OSError):  # full of what it was told before
                os.write(self._report, b"stopped: processes\n")


def _tasks_of_machine() -> int:
    """Processes and threads, as in `0.20 0.18 0.12 1/80 11206`."""
    try:
        with open("/proc/loadavg") as file:
            return int(file.read().split()[3].partition("/")[2])
    except (OSError, IndexError, ValueError):
        return 0


def _watch(command: int, everything: bool) -> int:
    """Wait for the command, then end what it left behind; 128 + n: ended by signal n."""
    code = 1
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return code if code >= 0 else 128 - code
        if pid == command:
            command, code = 0, os.waitstatus_to_exitcode(status)
        if not command:
            _end_all(everything)  # again for each: one that was just starting another may have got it under way


def main() -> None:
    """Read the orders, obey, and exit as the command did."""
    with open(int(sys.argv[1]), "rb") as file:
        orders = marshal.load(file)
    report = orders["report"]
    os.set_inheritable(report, False)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGUSR1))
    try:
        _wall_in(orders)
    except (Refused, OSError) as error:
        os.write(report, f"{error}".encode()[:2000])
        os._exit(1)
    everything = bool(orders["scoped"]) and _held_in()
    command = os.fork()
    if command == 0:
        _become(orders, report)

    def pass_on(number: int, _: Any) -> None:
        with suppress(OSError):
            os.killpg(command, number)

    def end(_: int, __: Any) -> None:
        _end_all(everything)

    guard = _Guard(orders["most"], everything, report)
    os.set_blocking(report, False)
    signal.signal(signal.SIGALRM, guard.look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_EVERY_S, _LOOK_EVERY_S)
    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGUSR1, end)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os._exit(_watch(command, everything))


if __name__ == "__main__":
    main()
