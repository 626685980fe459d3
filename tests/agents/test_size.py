"""When a task looks too large for one mission."""

from datetime import UTC, datetime

import pytest

from agents.routing.size import too_large
from agents.tasks import Task, TaskKind, TaskStatus

AT = datetime(2026, 3, 1, tzinfo=UTC)


def task(title: str, brief: str = "", *, complexity: int = 3, kind: TaskKind = TaskKind.FUNCTION) -> Task:
    return Task(
        id=1, repo="/r", title=title, brief=brief, status=TaskStatus.OPEN, complexity=complexity, kind=kind,
        created_at=AT, updated_at=AT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("large", "why"),
    [
        (task("Split the billing module", complexity=9, kind=TaskKind.ISSUE), "C9"),
        (task("A shop", "- Add carts\n- [ ] Write an importer\n* add orders\n  1. Create users\n2) Test it all"), "5"),
    ],
)
def test_large(large: Task, why: str) -> None:
    assert why in too_large(large)


@pytest.mark.parametrize(
    "fitting",
    [
        task("Create slug.py"),
        task("Port it", complexity=9, kind=TaskKind.EDIT),
        task("Fix it", complexity=8, kind=TaskKind.ISSUE),
        task("slugify", "Examples:\n- 'A b' gives 'a-b'\n- '' gives ''\n- 'x' gives 'x'\n- 'ß' gives 'ss'\n- a: a"),
        task("Three things", "- Add a\n- Add b\n- Add c"),
    ],
)
def test_fitting(fitting: Task) -> None:
    assert not too_large(fitting)
