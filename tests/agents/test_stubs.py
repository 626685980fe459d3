"""What a check of orchestrated work is tried on: results that look like the work and do nothing."""

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.missions.promised import promised
from agents.missions.stubs import EMPTY, UNCHANGED, stubs_of
from agents.store.work_orders import Interface, OrderedPart, WorkOrder

CART = """\
LIMIT = 3

class Cart:
    def total(self):
        return sum(self.prices)

def empty(cart):
    return not cart.prices
"""


def order(*signatures: str, file: str = "shop/cart.py", files: tuple[str, ...] = ()) -> WorkOrder:
    names = files or (file,)
    interfaces = tuple(Interface(file=file, signature=one) for one in signatures)
    part = OrderedPart(title="All of it", files=names)
    return WorkOrder(summary="s", files=names, interfaces=interfaces, acceptance="a", parts=(part,))


def run(code: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(code, "stub.py", "exec"), space)
    return space


def test_every_constant_is_returned_by_what_is_promised_and_the_rest_stands() -> None:
    stubs = stubs_of(order("Cart.total() -> int", "def half(x: int) -> int"), {"shop/cart.py": CART})
    spaces = [run(files["shop/cart.py"]) for name, files in stubs.items() if name not in {UNCHANGED, EMPTY}]
    assert [space["half"](7) for space in spaces] == [None, 0, 1, "", True, False, [], {}, 7]
    assert [space["Cart"](1, x=2).total() for space in spaces] == [None, 0, 1, "", True, False, [], {}, None]
    for space in spaces:
        assert space["LIMIT"] == 3
        assert space["empty"](SimpleNamespace(prices=[]))
    assert stubs[UNCHANGED] == {}
    assert stubs[EMPTY] == {"shop/cart.py": ""}


def test_a_file_nobody_writes_is_no_stub() -> None:
    assert list(stubs_of(order("run()", file="app.py", files=("slug.py",)), {})) == [UNCHANGED, EMPTY]


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ("from shop.cart import Cart, LIMIT as L", ["Cart()", "LIMIT"]),
        ("from shop import cart\nassert cart.half(2) == 1", ["half()"]),
        ("import shop.cart\nassert shop.cart.half(2) == 1", ["half()"]),
        ("import shop.cart as c\ndef test(): assert c.half(2) == 1", ["half()"]),
        ("import os\nassert os.path", []),
        ("from shop.other import half", []),
        ("def broken(", []),
    ],
)
def test_what_a_python_check_takes_is_known(check: str, found: list[str]) -> None:
    used = promised(check, "tests/test_warroom_t1.py", ("src/shop/cart.py",))
    assert [one.signature for one in used] == found
    assert {one.file for one in used} <= {"src/shop/cart.py"}


@given(st.text(max_size=200), st.sampled_from(["test_a.py", "a.test.mjs", "a.sh"]))
def test_any_check_can_be_read(check: str, path: str) -> None:
    promised(check, path, ("a.py", "a.js"))


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize(
    ("name", "now"), [("cart.mjs", ""), ("cart.js", "exports.old = 1\n"), ("cart.js", "export const old = 1\n")]
)
def test_a_script_is_stubbed_as_the_module_it_is(tmp_path: Path, name: str, now: str) -> None:
    check = f"import make, {{ half, Cart as C }} from '../{name}'\n"
    check += "if (half(7) !== 0 || make(1) !== 0 || new C().anything(2) !== 0) throw new Error('no stub')\n"
    used = promised(check, "tests/cart.test.mjs", (name,))
    stubs = stubs_of(order(file=name), {name: now}, used)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/cart.test.mjs").write_text(check)
    (tmp_path / name).write_text(stubs["functions that return 0"][name])
    if now.startswith("export "):
        (tmp_path / "package.json").write_text('{"type": "module"}')
    subprocess.run(["node", "tests/cart.test.mjs"], cwd=tmp_path, check=True, timeout=60)
