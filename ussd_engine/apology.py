"""What is said where no turn could be taken: a fault; to a dial of what is stopped, until when it is."""

from __future__ import annotations

from ussd_engine.dialog import root_of
from ussd_engine.doors import Doors
from ussd_engine.facts import shut
from ussd_engine.model import Phase, Reply
from ussd_engine.place import Work
from ussd_engine.view import View


def sorry(work: Work, view: View, doors: Doors) -> Reply:
    """While a service is stopped its stores may be, too."""
    root, turn = root_of(work.edition, work.code), work.turn
    facts = {**doors.facts(int(turn.msisdn or 0)), **doors.dialled(turn.channel, root)}
    ends = facts.get(shut(root)) if turn.phase is Phase.START else None
    if ends is None:
        return view.system("fault", work.edition, turn, work.profile, work.seen)
    work.count("maintenance")
    name = "maint" if ends else "stopped"
    return view.system(name, work.edition, turn, work.profile, work.seen, {"date": str(ends)})
