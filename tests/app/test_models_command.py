"""`warroom models` against a served Ollama: listed, pulled with progress, probed and the grade kept."""

from pathlib import Path

import pytest

from tests.app.command_line import CommandLine
from tests.fakes.ollama_server import FakeOllama, Installed


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


async def test_list_pull_and_probe(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.models["big:14b"] = Installed(size=9_000_000_000, vram=4_000_000_000)
        pulled = await shell("models", "pull", "big:14b", "--json")
        assert pulled.code == 0
        assert pulled.rows()[-1]["done"]
        bar = await shell("models", "pull", "big:14b")
        assert bar.out == "big:14b is pulled. `warroom models probe big:14b` grades it.\n"

        before = {row["name"]: row for row in (await shell.here("models", "list", "--json")).rows()}
        assert (before["big:14b"]["grade"], before["big:14b"]["fits"]) == (None, None)
        assert before["m:1b"]["tiers"] == ["local"]

        probed = await shell.here("models", "probe", "big:14b")
        assert probed.code == 0, probed.err
        assert "big:14b: text" in probed.out
        assert "LOW POWER" in probed.err
        after = {row["name"]: row for row in (await shell.here("models", "list", "--json")).rows()}
        assert (after["big:14b"]["grade"], after["big:14b"]["fits"]) == ("text", False)
        listed = await shell.here("models", "list")
        assert "LOW POWER" in listed.out


async def test_a_machine_without_a_card_is_no_low_power(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.models["m:1b"] = Installed(size=1_000_000_000, vram=0)
        probed = await shell.here("models", "probe", "m:1b")
        assert "CPU only" in probed.out
        assert "LOW POWER" not in probed.err
        listed = await shell.here("models", "list")
        assert "CPU only" in listed.out
        assert "LOW POWER" not in listed.out
        assert "CPU only" in (await shell.here("doctor")).out


async def test_what_is_not_there_is_said(shell: CommandLine) -> None:
    for command in (("models", "list"), ("models", "probe", "x")):
        nobody = await shell.here(*command)
        assert nobody.code == 3
        assert "ollama serve" in nobody.err
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        unknown = await shell("models", "pull", "no-such:1b")
        assert unknown.code == 3
        assert "no-such:1b cannot be pulled" in unknown.err
        not_pulled = await shell.here("models", "probe", "no-such:1b")
        assert not_pulled.code == 3
        assert "ollama pull no-such:1b" in not_pulled.err
    assert (await shell.here("models", "pull", " ")).code == 2
