"""What a developer types all day works behind every wall, in a mission's worktree of a small project."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agents.settings import Network
from agents.tools.sandbox import Sandbox, choose_sandbox
from agents.workspace import Repository, Worktree
from tests.agents.conftest import run_git
from tests.fakes.sandboxes import WALLS

PROJECT = {
    "slug.py": "def slugify(text):\n    return '-'.join(text.lower().split())\n",
    "test_slug.py": "from slug import slugify\n\n\ndef test_slug(tmp_path):\n    assert slugify('A B') == 'a-b'\n",
    "Makefile": "test:\n\t@python3 -c 'import slug; print(slug.slugify(\"A B\"))'\n\nall: one two\n\none two:\n\t@echo $@\n",
    "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    '[project]\nname = "shop"\nversion = "1"\n[tool.hatch.build.targets.wheel]\nonly-include = ["slug.py"]\n',
    "package.json": '{"name": "shop", "version": "1.0.0", "scripts": {"test": "node --test test.mjs"}}\n',
    "test.mjs": "import {test} from 'node:test'; import assert from 'node:assert'; test('one', () => assert(1));\n",
    "main.c": '#include <stdio.h>\nint main(void) { puts("from C"); return 0; }\n',
    "lines.txt": "".join(f"{number} line\n" for number in range(1, 101)),
}
ASYNC_SERVER = """
import asyncio

async def main():
    async def serve(reader, writer):
        writer.write(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + (await reader.readline()).split()[1])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    curl = await asyncio.create_subprocess_exec("curl", "-s", f"http://127.0.0.1:{port}/hello", stdout=-1)
    print((await curl.communicate())[0].decode())
    server.close()

asyncio.run(main())
"""


def py(code: str) -> str:
    return f"python3 - <<'END'\n{code.strip()}\nEND"


COMMANDS: list[tuple[str, str, str]] = [
    ("pytest", "python3 -m pytest -q -p no:cacheprovider test_slug.py | tail -1 | cut -d' ' -f1,2", "1 passed"),
    ("venv", "python3 -m venv --without-pip v && v/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix)'", "True"),
    ("pip", "python3 -m pip install -q --no-index --no-build-isolation --no-deps --target t . && rm slug.py && "
     "PYTHONPATH=t python3 -c 'import slug; print(slug.slugify(\"A B\"))'", "a-b"),
    ("make", "make test && make -s -j2 all | sort", "a-b\none\ntwo"),
    ("gcc", "gcc -O1 -o hello main.c && ./hello", "from C"),
    ("node", "node -e 'console.log([1, 2, 3].map(x => x * 2).join())'", "2,4,6"),
    ("npm", "npm test 2>&1 | grep -c 'pass 1'", "1"),
    ("cargo", "cargo new -q --lib box1; cd box1 && cargo build -q --offline && ls target/debug/libbox1.rlib", "target/debug/libbox1.rlib"),
    ("git status", "touch new && git status --short", "?? new"),
    ("git log", "git log --oneline | wc -l; git log -1 --format='%an: %s'; git log -p --stat | grep -c slug.py", "1\nAnn: first\n7"),
    ("git diff", "echo x >> lines.txt; git diff --stat | tail -1; git diff HEAD | tail -1; git diff --cached", "1 file changed, 1 insertion(+)\n+x"),
    ("git add, commit", "echo x >> lines.txt; git add -A && git commit -qm two && git log -1 --format=%s && git show --stat HEAD | tail -1", "two\n 1 file changed, 1 insertion(+)"),
    ("git stash", "echo x >> lines.txt; git stash -q && git status --short && git stash pop -q && git status --short", "M lines.txt"),
    ("git branch", "git switch -qc topic && git branch --show-current && git switch -q - && git branch -d topic -q; git branch | wc -l", "topic\n2"),
    ("git blame, grep", "git blame -s lines.txt | head -1 | cut -d')' -f2; git grep -n 'def slugify'; git grep -c line", "1 line\nslug.py:1:def slugify(text):\nlines.txt:100"),
    ("git rebase", "git switch -qC a && git commit -q --allow-empty -m a && git rebase -q main && git merge-base a main | wc -c; git switch -q -", "41"),
    ("git restore, rm, mv", "echo x > slug.py; git restore slug.py; git mv slug.py s.py; git rm -q main.c; git status --short", "D  main.c\nR  slug.py -> s.py"),
    ("git worktree of its own", "git worktree add -q ./inner HEAD && ls inner/slug.py && git worktree remove --force inner", "inner/slug.py"),
    ("git clone", "git clone -q . copy && cd copy && git log --format=%s", "first"),
    ("git init elsewhere", "cd $(mktemp -d) && git init -q && touch a && git add a && git commit -qm one && git log --format=%s", "one"),
    ("python one-liner", "python3 -c 'import sys; a = 1; b = 2; print(a + b, len(sys.argv))' x", "3 2"),
    ("pipes", "cat lines.txt | grep 7 | sort -rn | head -2 | cut -d' ' -f1 | paste -sd,", "97,87"),
    ("and, or", "true && echo yes || echo no; false && echo yes || echo no; ! false && echo not", "yes\nno\nnot"),
    ("subshells", "(cd / && pwd); x=$(echo $(echo deep)); echo \"$x\"; { echo a; echo b; } | wc -l", "/\ndeep\n2"),
    ("here-documents", "cat <<END > out.txt; cat out.txt; tr a-z A-Z <<< word\nhome $((1 + 1))\nEND", "home 2\nWORD"),
    ("process substitution", "diff <(seq 3) <(seq 4) | tail -1; comm -12 <(seq 3) <(seq 2 4) | paste -sd,; seq 3 | tee >(wc -l >n) >/dev/null; sleep .1; cat n", "> 4\n2,3\n3"),
    ("background jobs", "for i in 1 2 3; do (sleep 0.0$i; echo $i >> done.txt) & done; wait; wc -l < done.txt", "3"),
    ("loops and arrays", "a=(x y z); for i in \"${!a[@]}\"; do printf '%s%s ' $i ${a[$i]}; done; echo; set -euo pipefail; echo ${#a[@]}", "0x 1y 2z\n3"),
    ("functions and traps", "f() { trap 'echo out' EXIT; echo in \"$1\"; }; f one; case abc in a*) echo case;; esac", "in one\ncase\nout"),
    ("xargs", "ls *.py | sort | xargs -n1 -P2 basename | sort | xargs", "slug.py test_slug.py"),
    ("find", "find . -name '*.py' -not -path './.git/*' -exec wc -l {} + | tail -1; find . -name lines.txt -size +0", "7 total\n./lines.txt"),
    ("sed", "sed -i 's/line/LINE/; 3d' lines.txt && sed -n '2,3p' lines.txt", "2 LINE\n4 LINE"),
    ("awk", "awk '{ s += $1 } END { print s, NR }' lines.txt", "5050 100"),
    ("tar, gzip", "tar czf t.tgz *.py && mkdir x && tar xzf t.tgz -C x && ls x | wc -l; gzip -k lines.txt && zcat lines.txt.gz | wc -l", "2\n100"),
    ("files", "mkdir -p a/b && cp -r *.py a/b && mv a c && chmod +x c/b/slug.py && ln -s b c/link && test -x c/link/slug.py && rm -r c && du -s . >/dev/null && echo ok", "ok"),
    ("patch", "cp slug.py old; sed -i 's/lower/upper/' slug.py; diff -u old slug.py > p; cp old slug.py; patch -s slug.py p && grep -c upper slug.py", "1"),
    ("timeout", "timeout 0.1 sleep 5; echo $?; nice -n 5 echo nice", "124\nnice"),
    ("temporary files", "t=$(mktemp) && echo x > $t && cat $t; python3 -c 'import tempfile; print(tempfile.TemporaryDirectory().name != \"\")'", "x\nTrue"),
    ("sqlite3", py("import sqlite3\nd = sqlite3.connect('shop.db')\nd.execute('pragma journal_mode=wal')\nd.execute('create table t (a)')\nd.execute('insert into t values (7)')\nd.commit()\nprint(*d.execute('select a from t').fetchone())"), "7"),
    ("multiprocessing", py("from multiprocessing import Pool\nif __name__ == '__main__':\n    with Pool(2) as pool:\n        print(sum(pool.map(abs, [-1, -2, 3])))"), "6"),
    ("threads and subprocess", py("import subprocess\nfrom concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n    print(*pool.map(lambda n: subprocess.check_output(['echo', str(n)], text=True).strip(), range(3)))"), "0 1 2"),
    ("asyncio subprocess", py("import asyncio\nasync def main():\n    p = await asyncio.create_subprocess_shell('echo hi', stdout=-1)\n    print((await p.communicate())[0].decode().strip())\nasyncio.run(main())"), "hi"),
    ("unittest", "python3 -m unittest -q 2>&1 | tail -1 | cut -c1-2; python3 -m compileall -q slug.py; python3 -m json.tool package.json | head -1; python3 -m timeit -n 1 -r 1 pass | wc -l", "OK\n{\n1"),
    ("checksums and dates", "sha256sum lines.txt | wc -w; date +%s | wc -c; env | grep -c '^HOME='; id -un >/dev/null; uname -s; nproc | wc -l", "2\n11\n1\nLinux\n1"),
]  # fmt: skip
SERVERS = [
    ("asyncio server and curl", py(ASYNC_SERVER), "/hello"),
    ("http.server", "python3 -m http.server -b 127.0.0.1 8765 >/dev/null 2>&1 & until curl -sf http://127.0.0.1:8765/slug.py; do sleep .05; done | head -1; kill %1", "def slugify(text):"),
    ("socketserver on IPv6", py("import socket\ns = socket.create_server(('::1', 0), family=socket.AF_INET6)\nc = socket.create_connection(s.getsockname()[:2])\ns.accept()[0].send(b'six')\nprint(c.recv(9).decode())"), "six"),
]  # fmt: skip
_PROGRAMS = {
    "node": "nodejs",
    "npm": "npm",
    "cargo": "cargo",
    "gcc": "gcc",
    "make": "make",
    "curl": "curl",
    "patch": "patch",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Worktree]:
    folder = tmp_path_factory.mktemp("developer").resolve()
    repo = folder / "shop"
    repo.mkdir()
    run_git(repo, "init", "--quiet", "--initial-branch=main")
    for name, text in PROJECT.items():
        (repo / name).write_text(text)
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "first")

    async def begin() -> tuple[Repository, Worktree]:
        repository = await Repository.open(repo, folder / "home")
        return repository, await repository.add_worktree("T1", 1, (await repository.base()).commit)

    return asyncio.run(begin())


@pytest.fixture(scope="module")
def walls() -> dict[str, Sandbox]:
    return {}


async def shown(
    project: tuple[Repository, Worktree], walls: dict[str, Sandbox], kind: str, command: str, network: Network
) -> str:
    repository, worktree = project
    if kind not in walls:
        environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        walls[kind] = await choose_sandbox(kind, environ=environ)  # type: ignore[arg-type]
    result = await walls[kind].run(
        f"git reset -q --hard main && git clean -qffdx && {{ {command}\n}}",
        cwd=worktree.path,
        timeout_s=50,
        output_cap=8_000,
        log_path=worktree.path.parent / "log",
        network=network,
        git=await repository.place(worktree).private_git(),
    )
    return "\n".join(line.rstrip() for line in result.output.strip().split("\n"))


def needs(name: str) -> None:
    missing = [package for program, package in _PROGRAMS.items() if program in name and not shutil.which(program)]
    if missing:
        pytest.skip(f"not installed here: apt install {' '.join(missing)}")
    if "cargo" in name and subprocess.run(["cargo", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("rustup has no default toolchain for this home: rustup default stable")


@pytest.mark.parametrize("kind", WALLS)
@pytest.mark.parametrize("row", COMMANDS, ids=[row[0] for row in COMMANDS])
async def test_it_works(
    project: tuple[Repository, Worktree], walls: dict[str, Sandbox], kind: str, row: tuple[str, str, str]
) -> None:
    name, command, expected = row
    needs(name)
    output = await shown(project, walls, kind, command, Network.NONE)
    assert output.strip() == expected.strip()


@pytest.mark.parametrize("kind", WALLS)
@pytest.mark.parametrize("row", SERVERS, ids=[row[0] for row in SERVERS])
async def test_servers_work_on_loopback(
    project: tuple[Repository, Worktree], walls: dict[str, Sandbox], kind: str, row: tuple[str, str, str]
) -> None:
    _, command, expected = row
    needs(command)
    output = await shown(project, walls, kind, command, Network.LOOPBACK)
    assert output.strip() == expected.strip()
