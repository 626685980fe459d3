"""The store: SQLite, the event log, the ledger. `from agents.store import Store`."""

from agents.store.errors import (
    AlreadyPosted,
    CorruptDatabase,
    NewerSchema,
    NotRaised,
    OverBudget,
    StoreClosed,
    StoreError,
    StoreLocked,
    UnknownPrice,
    UnknownRow,
    UnreadableRow,
)
from agents.store.files import move_aside
from agents.store.records import Call, CallState, Expected, FreeWork, NewCall, Order, Probe, Proving, Spending, Trial
from agents.store.store import Store

__all__ = [
    "AlreadyPosted",
    "Call",
    "CallState",
    "CorruptDatabase",
    "Expected",
    "FreeWork",
    "NewCall",
    "NewerSchema",
    "NotRaised",
    "Order",
    "OverBudget",
    "Probe",
    "Proving",
    "Spending",
    "Store",
    "StoreClosed",
    "StoreError",
    "StoreLocked",
    "Trial",
    "UnknownPrice",
    "UnknownRow",
    "UnreadableRow",
    "move_aside",
]
