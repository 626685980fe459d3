"""What is kept beside the board: transcripts, probes, orders between processes. Functions on an open connection."""

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime

from agents.models.chat import Message
from agents.store.encoding import encode, load, plain
from agents.store.errors import StoreError
from agents.store.records import Order, Probe


def add_message(sql: sqlite3.Connection, mission_id: int, message: Message) -> None:
    """Add to the mission's transcript. Raises StoreError when there is no such mission."""
    try:
        sql.execute("INSERT INTO messages (mission, data) VALUES (?, ?)", (mission_id, encode(message)))
    except sqlite3.IntegrityError as error:
        raise StoreError(f"mission {mission_id} is not in this home") from error


def transcript(sql: sqlite3.Connection, mission_id: int) -> list[Message]:
    """The mission's messages, in order."""
    found = sql.execute("SELECT data FROM messages WHERE mission = ? ORDER BY id", (mission_id,))
    return [load(Message, data, f"the transcript of mission {mission_id}") for (data,) in found]


def save_probe(sql: sqlite3.Connection, probe: Probe) -> None:
    """Keep `probe` in place of that model's last one."""
    values = (plain(probe.provider), plain(probe.model), encode(probe))
    sql.execute("INSERT OR REPLACE INTO probes (provider, model, data) VALUES (?, ?, ?)", values)


def probe(sql: sqlite3.Connection, provider: str, model: str) -> Probe | None:
    """The last probe of the model, or None."""
    values = (plain(provider), plain(model))
    found = sql.execute("SELECT data FROM probes WHERE provider = ? AND model = ?", values).fetchone()
    return load(Probe, found[0], f"the probe of {model}") if found else None


def give_order(sql: sqlite3.Connection, task_id: int, order: str, argument: str, at: datetime) -> int:
    """Leave an order; its id. Raises StoreError when there is no such task."""
    try:
        cursor = sql.execute("INSERT INTO orders (task, data) VALUES (?, '')", (task_id,))
    except sqlite3.IntegrityError as error:
        raise StoreError(f"task T{task_id} is not in this home: `warroom board --all` lists what is") from error
    given = Order(id=int(cursor.lastrowid or 0), task=task_id, order=order, argument=argument, at=at)
    sql.execute("UPDATE orders SET data = ? WHERE id = ?", (encode(given), given.id))
    return given.id


def waiting_orders(sql: sqlite3.Connection, task_ids: Collection[int]) -> list[Order]:
    """The orders for these tasks nobody took, oldest first."""
    found = sql.execute(
        "SELECT id, data FROM orders WHERE taken = 0 AND task IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(list(task_ids)),),
    )
    return [load(Order, data, f"order {number}") for number, data in found]


def take_orders(sql: sqlite3.Connection, task_ids: Collection[int]) -> list[Order]:
    """The same, and nobody else takes them."""
    orders = waiting_orders(sql, task_ids)
    sql.executemany("UPDATE orders SET taken = 1 WHERE id = ?", [(order.id,) for order in orders])
    return orders


def integrity(sql: sqlite3.Connection) -> list[str]:
    """What SQLite's own check and the foreign keys complain of; empty when all is well."""
    damage = [str(line) for (line,) in sql.execute("PRAGMA integrity_check") if line != "ok"]
    orphans = [
        f"a row of {row[0]} refers to a missing row of {row[2]}" for row in sql.execute("PRAGMA foreign_key_check")
    ]
    return damage + orphans
