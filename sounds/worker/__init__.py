"""The process that owns the sound device.

A device's library may write on the terminal, block for ever, or crash: here it does so away from the screen. Lines of
JSON come in on stdin (`play`, `stop`, `volume`, `quit`), lines of JSON go out on stdout: `state` (opening, then ready
or unavailable), `started` and `ended` with a call's id. The end of stdin is the end of the process.
"""
