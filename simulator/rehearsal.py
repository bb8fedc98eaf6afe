"""A transcript that was opened: played step by step on the phones of a room, and compared."""

from __future__ import annotations

from pathlib import Path

from simulator.player import Difference, Player
from simulator.transcript import Step


class Rehearsal:
    """`done` steps were played; `found` is what the last one showed otherwise than written."""

    def __init__(self, path: Path, player: Player) -> None:
        self.path = path
        self.player = player
        self.done = 0
        self.found: list[Difference] = []

    @property
    def steps(self) -> list[Step]:
        return self.player.transcript.steps

    @property
    def over(self) -> bool:
        return self.done >= len(self.steps)

    @property
    def next(self) -> Step | None:
        """What comes now."""
        return None if self.over else self.steps[self.done]

    async def step(self) -> Step:
        """Play the next one. Raises as a gateway that does not answer."""
        step = self.steps[self.done]
        self.done += 1
        self.found = await self.player.step(self.done, step)
        return step
