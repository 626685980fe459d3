"""The README says what the tests show, one to one."""

from tests.agents.escape import TOPICS
from tests.agents.escape.table import in_readme, table


def test_the_readme_names_every_attempt_and_no_other() -> None:
    assert in_readme() == table(), "run python -m tests.agents.escape.table"


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    names = [(topic.key, attempt.name) for topic in TOPICS for attempt in topic.attempts]
    assert len(names) == len(set(names)) >= 60
