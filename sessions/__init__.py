"""Where an unfinished dialog lives: the session, its sealed form, and the stores that keep it."""

from sessions.chance import draw
from sessions.codec import SessionCodec
from sessions.keys import dialogue_key, digest, link_key, session_key
from sessions.memory import MemorySessions
from sessions.seal import NotOurs, Seal
from sessions.session import About, Draft, Edit, Outcome, Pending, Session, Value
from sessions.store import BATCH, Sealed, SessionStore, StoreUnavailable
from sessions.stores import STORES, open_sessions

__all__ = [
    "BATCH",
    "STORES",
    "About",
    "Draft",
    "Edit",
    "MemorySessions",
    "NotOurs",
    "Outcome",
    "Pending",
    "Seal",
    "Sealed",
    "Session",
    "SessionCodec",
    "SessionStore",
    "StoreUnavailable",
    "Value",
    "dialogue_key",
    "digest",
    "draw",
    "link_key",
    "open_sessions",
    "session_key",
]
