"""Commands one after the other on one terminal, each as if it were typed: `hostile_child.py COMMANDS.json`."""

import json
import sys
from pathlib import Path

from app.cli import run

for arguments in json.loads(Path(sys.argv[1]).read_text()):
    code = run(arguments)
    sys.stdout.write(f"\n@@ {code}\n")
    sys.stdout.flush()
