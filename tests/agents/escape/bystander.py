"""A process of the person's, beside War Room: it holds secrets as real ones do, and notes what reaches it."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    """`bystander.py NOTES SECRET_FILE PASSWORD`: writes `ready ADDRESS` to NOTES, then a line per signal."""
    notes, secret = Path(sys.argv[1]), sys.argv[2]
    ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)  # PR_SET_PTRACER_ANY: as open as a process can be
    held = os.open(secret, os.O_RDWR)
    kept = ctypes.create_string_buffer(Path(secret).read_bytes())
    signal.signal(signal.SIGURG, lambda *_: notes.write_text(f"{notes.read_text()}signalled\n"))
    written = notes.with_suffix(".new")
    written.write_text(f"ready {ctypes.addressof(kept)} {held}\n")
    written.replace(notes)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
