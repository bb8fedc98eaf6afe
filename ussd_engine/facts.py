"""The facts at which a condition of a menu may look beside answers: what she can, what the core can and wants."""

from __future__ import annotations

PILOT = "in pilot"
"""The services in pilot that are open to the caller. No answer and no fact of a menu has such a name."""


def shut(service: str) -> str:
    """The fact that an operator has stopped a service: until when, as a phone shows it; empty for no end."""
    return f"shut {service}"


FACTS: dict[str, dict[str, str]] = {
    "can": {
        "be_reached": "the caller's number reached us",
        "finish_by_sms": "SMS are sent and taken, and she may go on by SMS with the text in which she is",
        "use_sms": "SMS leave from here, so that she may be promised some",
        "set_sms": "SMS leave from here, and it is known whether she gets them",
        "read": "the institution has said something about her case",
        "add": "more words on her case still reach somebody",
        "reply": "an officer has asked her something about her case",
        "rate": "she may say whether she is satisfied with the answer",
        "withdraw": "she may take her case back",
        "appeal": "her case may come to a higher level, now or later",
        "higher": "there is a level above the institution that holds her case",
        "appeal_over": "the time to appeal is over",
        "leak": "her case takes no appeal, but a level above may still be told that her identity became known",
        "be_late": "an answer to her case is due by a day, after which she may appeal",
        "new_pin": "it is her own phone from which the case was sent, and an SMS can warn her there",
    },
    "core_can": {
        "read": "the core shows what was answered and who handled it",
        "append": "the core takes more words on a case",
        "rate": "the core takes ratings",
        "withdraw": "a case can be taken back from the core",
        "appeal": "the core takes appeals",
        "erase": "the core forgets a number and a name when it is told to",
    },
    "core_wants": {
        "place": "the core asks where it happened",
        "date": "the core asks when it happened",
    },
}
