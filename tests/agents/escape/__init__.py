"""The escape suite: what an agent may try against the person, War Room and the machine, topic by topic."""

from tests.agents.escape.attempt import read_topic

TOPICS = tuple(map(read_topic, ["reading", "writing", "git", "processes", "network", "staying", "exhaustion"]))
