"""The suite's surroundings, the same wherever it is started from."""

import signal

# Started in the background or under nohup, a shell has us ignore these; every process of a test would inherit that.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)
