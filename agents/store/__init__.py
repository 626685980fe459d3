"""The store: SQLite, the event log, the ledger. `from agents.store import Store`."""

from agents.store.errors import (
    AlreadyPosted,
    CorruptDatabase,
    NewerSchema,
    OverBudget,
    StoreClosed,
    StoreError,
    StoreLocked,
    UnknownPrice,
    UnknownRow,
    UnreadableRow,
)
from agents.store.files import move_aside
from agents.store.records import Call, CallState, NewCall, Order, Probe, Spending
from agents.store.store import Store

__all__ = [
    "AlreadyPosted",
    "Call",
    "CallState",
    "CorruptDatabase",
    "NewCall",
    "NewerSchema",
    "Order",
    "OverBudget",
    "Probe",
    "Spending",
    "Store",
    "StoreClosed",
    "StoreError",
    "StoreLocked",
    "UnknownPrice",
    "UnknownRow",
    "UnreadableRow",
    "move_aside",
]
