"""System calls of Linux that no agent's command needs. Numbers: the kernel's own tables (syscall_64.tbl, unistd.h)."""

from collections.abc import Mapping
from dataclasses import dataclass

_X86_64 = """
ptrace=101 process_vm_readv=310 process_vm_writev=311 process_madvise=440 kcmp=312 pidfd_getfd=438
mount=165 umount2=166 pivot_root=155 chroot=161 open_tree=428 move_mount=429 fsopen=430 fsconfig=431 fsmount=432
fspick=433 mount_setattr=442 setns=308 quotactl=179 quotactl_fd=443 swapon=167 swapoff=168 acct=163
init_module=175 finit_module=313 delete_module=176 kexec_load=246 kexec_file_load=320 reboot=169
bpf=321 perf_event_open=298 userfaultfd=323 fanotify_init=300 lookup_dcookie=212 open_by_handle_at=304
name_to_handle_at=303 keyctl=250 add_key=248 request_key=249 syslog=103 settimeofday=164 clock_settime=227
clock_adjtime=305 adjtimex=159 sethostname=170 setdomainname=171 iopl=172 ioperm=173 vhangup=153 nfsservctl=180
io_uring_setup=425 io_uring_enter=426 io_uring_register=427 memfd_create=319 memfd_secret=447 clone3=435
shmget=29 shmat=30 shmctl=31 semget=64 semop=65 semctl=66 semtimedop=220 msgget=68 msgsnd=69 msgrcv=70 msgctl=71
mq_open=240 mq_unlink=241
clone=56 unshare=272 socket=41 socketpair=53 ioctl=16
prlimit64=302 setpriority=141 sched_setaffinity=203 sched_setscheduler=144 sched_setparam=142 sched_setattr=314
ioprio_set=251 migrate_pages=256 move_pages=279
chmod=90 fchmod=91 fchmodat=268 fchmodat2=452 open=2 creat=85 openat=257 openat2=437 mknod=133 mknodat=259
"""
_AARCH64 = """
ptrace=117 process_vm_readv=270 process_vm_writev=271 process_madvise=440 kcmp=272 pidfd_getfd=438
mount=40 umount2=39 pivot_root=41 chroot=51 open_tree=428 move_mount=429 fsopen=430 fsconfig=431 fsmount=432
fspick=433 mount_setattr=442 setns=268 quotactl=60 quotactl_fd=443 swapon=224 swapoff=225 acct=89
init_module=105 finit_module=273 delete_module=106 kexec_load=104 kexec_file_load=294 reboot=142
bpf=280 perf_event_open=241 userfaultfd=282 fanotify_init=262 lookup_dcookie=18 open_by_handle_at=265
name_to_handle_at=264 keyctl=219 add_key=217 request_key=218 syslog=116 settimeofday=170 clock_settime=112
clock_adjtime=266 adjtimex=171 sethostname=161 setdomainname=162 vhangup=58 nfsservctl=42
io_uring_setup=425 io_uring_enter=426 io_uring_register=427 memfd_create=279 memfd_secret=447 clone3=435
shmget=194 shmat=196 shmctl=195 semget=190 semop=193 semctl=191 semtimedop=192 msgget=186 msgsnd=189 msgrcv=188
msgctl=187 mq_open=180 mq_unlink=181
clone=220 unshare=97 socket=198 socketpair=199 ioctl=29
prlimit64=261 setpriority=140 sched_setaffinity=122 sched_setscheduler=119 sched_setparam=118 sched_setattr=274
ioprio_set=30 migrate_pages=238 move_pages=239
fchmod=52 fchmodat=53 fchmodat2=452 openat=56 openat2=437 mknodat=33
"""

OF_ITSELF = frozenset({"prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"})
"""Take a process as their first argument, 0 for the one that calls. A limit set on War Room could end it."""
OF_OTHERS = frozenset({"setpriority", "ioprio_set", "migrate_pages", "move_pages"})
"""Reach every process of the user, unless the command has a PID namespace of its own."""
GIVES_MODE: Mapping[str, int] = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "creat": 1, "mknod": 1, "mknodat": 2}
"""Which of their arguments is the mode of a file."""
CREATES: Mapping[str, tuple[int, int]] = {"open": (1, 2), "openat": (2, 3)}
"""Their arguments with flags and mode; the mode counts where the flags say that a file is made."""
JUDGED = (
    OF_ITSELF
    | GIVES_MODE.keys()
    | CREATES.keys()
    | {"clone", "unshare", "socket", "socketpair", "ioctl", "setpriority"}
)
"""Refused by their arguments only."""
ABSENT = frozenset(
    {
        "clone3",
        "openat2",
        "fchmodat2",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "memfd_create",
        "memfd_secret",
    }
)
"""Refused as if the kernel were too old, because programs then do it another way: the arguments of clone3 and
openat2 cannot be looked at, io_uring goes around filters, and memory in a memfd belongs to no process that could be
measured."""
SHARED_MEMORY = frozenset(
    {"shmget", "shmat", "shmctl", "semget", "semop", "semctl", "semtimedop"}
    | {"msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"}
)
"""Reach the objects of every process of the user, unless the command has an IPC namespace of its own."""


@dataclass(frozen=True)
class Architecture:
    """A machine's numbers."""

    audit: int
    """AUDIT_ARCH_* of linux/audit.h: what a filter sees of the calling convention."""
    numbers: Mapping[str, int]
    x32: bool = False
    """It has a second numbering, from 0x40000000 on."""


def _table(text: str) -> dict[str, int]:
    return {name: int(number) for name, _, number in (word.partition("=") for word in text.split())}


ARCHITECTURES: Mapping[str, Architecture] = {
    "x86_64": Architecture(0xC000003E, _table(_X86_64), x32=True),
    "aarch64": Architecture(0xC00000B7, _table(_AARCH64)),
}
"""By `platform.machine()`; any other has no filter, which its sandbox lists among its gaps."""
