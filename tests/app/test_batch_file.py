"""A batch file is read to its last key before anything is posted, and every mistake says where it is."""

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.configuration import ConfigurationError
from agents.tasks import NANO, NewTask
from app.commands import batch_file
from app.commands.batch_file import BatchFileError, entries, read_bytes
from app.commands.batch_tasks import BatchTask, batch_tasks

TIERS = {"local": True, "haiku": True, "opus": False}


def read(text: str | bytes, name: str = "tasks.toml") -> tuple[BatchTask, ...]:
    data = text.encode() if isinstance(text, str) else text
    return batch_tasks(entries(data, name), name, TIERS)


WHOLE = """
# What the shop needs
[[task]]
id = "slug"
title = "Create slug.py"
brief = '''
Lower case,
single hyphens.
'''
check = "python3 -m pytest -q"
priority = 8
tier = "local"
budget_usd = 0.25
max_steps = 12
timeout_s = 90
orchestrate = true

[[task]]
title = "Use it"
depends_on = ["slug"]
"""


def test_every_field_of_a_toml_file() -> None:
    slug, use = read(WHOLE)
    assert slug.new == NewTask(
        title="Create slug.py",
        brief="Lower case,\nsingle hyphens.\n",
        check="python3 -m pytest -q",
        priority=8,
        tier="local",
        budget_nano=NANO // 4,
        max_steps=12,
        timeout_s=90.0,
        orchestrate=True,
        external_id="slug",
    )
    assert (slug.name, slug.needs) == ("slug", ())
    assert (use.name, use.needs, use.new.depends_on) == ("", ("slug",), ())
    assert (use.new.external_id or "").startswith("fields:")


def test_json_lines_say_the_same() -> None:
    rows = [
        {"id": 1, "title": "first", "check": None},
        {"id": 2, "title": "second", "depends_on": [1], "budget_usd": 1},
    ]
    text = "\ufeff" + "\r\n\r\n".join(json.dumps(row) for row in rows) + "\r\n"
    first, second = read(text, "tasks.jsonl")
    assert (first.name, second.name, second.needs, second.new.budget_nano) == ("1", "2", ("1",), NANO)
    assert read(text, "-") == read(text, "tasks") == (first, second)


def test_a_task_without_an_id_is_known_by_what_its_fields_say() -> None:
    def known(text: str, name: str = "x.jsonl") -> str | None:
        return read(text, name)[0].new.external_id

    plain = known('{"title": "x", "check": "true"}')
    assert plain == known('{"check": "true", "priority": 5, "brief": "", "title": "x", "tier": null}')
    assert plain == known('[[task]]\ncheck = "true"\ntitle = "x"\n', "x.toml")
    assert plain == known('{"title": "x", "check": "true", "orchestrate": false}')
    for other in (
        '{"title": "x"}',
        '{"title": "y", "check": "true"}',
        '{"title": "x", "check": "true", "priority": 6}',
        '{"title": "x", "check": "true", "orchestrate": true}',
    ):
        assert known(other) != plain
    assert plain == "fields:54874b11481726ed98c6d1e16133bdac", "a later War Room must know today's tasks"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[task]]\n\ntitel = "x"\n', "tasks.toml, line 3, task 1: there is no key titel. Did you mean title?"),
        ('[[task]]\ntitle = "x"\nzzz = 1\n', "line 3, task 1: there is no key zzz. It may be one of id, title, brief,"),
        ('[[task]]\ntitle = "x"\n[task.check]\nx = 1\n', "line 3, task 1: check is {'x': 1}: it must be a text"),
        ('[[task]]\nbrief = "x"\n', "line 1, task 1: title is missing."),
        ('[[task]]\ntitle = " \u202e "\n', "line 2, task 1: title is ' \\u202e ': a task needs a title."),
        ("[[task]]\ntitle = 7\n", "line 2, task 1: title is 7: it must be a text."),
        (
            '[[task]]\ntitle = "x"\npriority = 11\n',
            "line 3, task 1: priority is 11: it must be a whole number from 1 to",
        ),
        ('[[task]]\ntitle = "x"\npriority = true\n', "priority is True: it must be a whole number"),
        ('[[task]]\ntitle = "x"\ncheck = " "\n', "check is ' ': give a command, or leave the key out."),
        ('[[task]]\ntitle = "x"\ncheck = "a\\u0000b"\n', "no shell takes such a command"),
        ('[[task]]\ntitle = "x"\nbudget_usd = nan\n', "budget_usd is nan: it must be a number of dollars"),
        ('[[task]]\ntitle = "x"\nbudget_usd = -1\n', "budget_usd is -1: it must be a number of dollars from 0"),
        ('[[task]]\ntitle = "x"\ntimeout_s = 0\n', "timeout_s is 0: it must be a number of seconds"),
        ('[[task]]\ntitle = "x"\nmax_steps = 0\n', "max_steps is 0: it must be a whole number"),
        ('[[task]]\ntitle = "x"\ntier = "lokal"\n', "tier is 'lokal', which is no tier. Did you mean local?"),
        (
            '[[task]]\ntitle = "x"\ntier = "opus"\n',
            "tier is 'opus', which is switched off: set tiers.opus.enabled",
        ),
        ('[[task]]\ntitle = "x"\norchestrate = 1\n', "line 3, task 1: orchestrate is 1: it must be true or false."),
        ('[[task]]\ntitle = "x"\nid = ""\n', "id is '': it must be a text on one line"),
        ('[[task]]\ntitle = "x"\ndepends_on = "a"\n', "depends_on is 'a': it must be a list of ids"),
        ('[[task]]\ntitle = "x"\ndepends_on = ["a"]\n', "line 3, task 1: depends_on names 'a', which is no task's id."),
        (
            '[[task]]\nid = "a"\ntitle = "x"\n[[task]]\ntitle = "y"\nid = "a"\n',
            "line 6, task 2: the id 'a' is task",
        ),
        ('[[task]]\ntitle = "x"\n[[task]]\ntitle = "x"\n', "line 3, task 2: it is the same as task 1"),
        ('[[tasks]]\ntitle = "x"\n', "tasks.toml, line 1: there is no key tasks. Did you mean [[task]]?"),
        ('[task]\ntitle = "x"\n', "line 1: task is no list: write [[task]], not [task]."),
        ('[[task]]\ntitle = "x\n', "tasks.toml, line 2: not valid TOML"),
        ("x = " + "[" * 5000, "tasks.toml"),
        ("x = " + "9" * 5000, "tasks.toml: not readable as TOML"),
        ("", "tasks.toml holds no task"),
        ("# nothing\n", "tasks.toml holds no task"),
        (b'[[task]]\ntitle = "\xff"\n', "tasks.toml, line 2: not UTF-8 text"),
    ],
)
def test_a_mistake_in_toml_says_where_it_is_and_what_is_right(text: str | bytes, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"title": "x"}\n\n{"titel": "y"}\n', "t.jsonl, line 3, task 2: there is no key titel. Did you mean title?"),
        ('{"title": "x"}\n{"title": \n', "line 2, task 2: not valid JSON at column 11"),
        ('{\n  "title": "x"\n}\n', "line 1, task 1: not valid JSON at column 2: Expecting property name enclosed in"),
        ('{"title": "x", "title": "y"}', "line 1, task 1: the key title is there twice: keep one."),
        ('"x"', 'line 1, task 1: it must be an object, such as {"title": "..."}.'),
        ('{"title": "x", "budget_usd": Infinity}', "Infinity is no number"),
        ('{"title": "x", "priority": ' + "9" * 5000 + "}", "line 1, task 1: not readable as JSON"),
        ('{"title": "x", "brief": ' + "[" * 200_000 + "}", "line 1, task 1: not "),
        ('{"title": "x", "\\u001b[31m": 1}', "there is no key"),
    ],
)
def test_a_mistake_in_json_lines_says_where_it_is(text: str, says: str) -> None:
    with pytest.raises(BatchFileError) as caught:
        read(text, "t.jsonl")
    assert says in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_list_of_json_is_told_how_to_be_written() -> None:
    with pytest.raises(BatchFileError, match="this is a JSON list. Write one object a line"):
        read('[\n  {"title": "x"}\n]', "tasks.json")


def test_a_circle_is_named_where_it_begins() -> None:
    rows = [{"id": name, "title": name, "depends_on": [need]} for name, need in ("ab", "bc", "ca")]
    with pytest.raises(BatchFileError) as caught:
        read("\n".join(map(json.dumps, rows)), "t.jsonl")
    assert "depends_on goes in a circle: " in str(caught.value)
    assert all(f"'{name}'" in str(caught.value) for name in "abc")


def test_several_mistakes_are_told_at_once_but_not_all_of_many() -> None:
    with pytest.raises(BatchFileError) as caught:
        read('[[task]]\ntitel = "x"\n' * 8)
    lines = str(caught.value).splitlines()
    assert [line[:29] for line in lines[:3]] == [
        "tasks.toml, line 2, task 1: t",
        "tasks.toml, line 1, task 1: t",
        "tasks.toml, line 4, task 2: t",
    ]
    assert (len(lines), lines[-1]) == (6, "... and 11 more.")


def test_tasks_in_one_inline_list_have_its_line() -> None:
    with pytest.raises(BatchFileError, match="line 2, task 2: there is no key titel"):
        read('\ntask = [\n  {title = "x"},\n  {titel = "y"},\n]\n')


def test_what_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_file, "SIZE_LIMIT", 1000)
    monkeypatch.setattr(batch_file, "TASKS_LIMIT", 3)
    with pytest.raises(BatchFileError, match="big is larger than"):
        read_bytes(BytesIO(b" " * 1001), "big")
    with pytest.raises(BatchFileError, match="holds 4 tasks, more than 3"):
        read('[[task]]\ntitle = "x"\n' * 4)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
keys = st.sampled_from(["id", "title", "brief", "check", "priority", "tier", "depends_on", "budget_usd"]) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def attempt(data: bytes, name: str) -> tuple[tuple[BatchTask, ...], str]:
    """The tasks, or what was wrong with them; any other error is one of ours."""
    try:
        return batch_tasks(entries(data, name), name, TIERS), ""
    except ConfigurationError as error:
        return (), str(error)


@given(st.lists(st.dictionaries(keys, values, max_size=6), max_size=4))
def test_whatever_a_line_holds_it_is_a_task_or_a_message(rows: list[dict[str, object]]) -> None:
    tasks, said = attempt("\n".join(json.dumps(row) for row in rows).encode(), "t.jsonl")
    assert "\x1b" not in said
    assert len(said.splitlines()) <= 6
    assert said or len({task.new.external_id for task in tasks}) == len(rows)


@given(st.binary(max_size=200) | st.text(alphabet="[]{}task=\"'#\n.1", max_size=200).map(str.encode))
def test_whatever_a_file_holds_it_is_tasks_or_a_message(data: bytes) -> None:
    for name in ("x", "x.toml", "x.jsonl"):
        tasks, said = attempt(data, name)
        assert bool(tasks) != bool(said)
