"""Stories of callers, told at random: who answers, errs, goes back, changes, adds, leaves, drops and comes again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice

from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.menu.answer_caller import WRONG, Caller
from tests.menu.answer_laws import Alteration, there_and_back, whole_equals_steps
from tests.menu.generated import edition_of, menus
from tests.menu.menu_folder import shipped

MOST_QUESTIONS = 20
PICKS = st.integers(0, 99)
"""Which of what can be done, counted round."""
ENTRY = st.lists(PICKS, min_size=1, max_size=4)
FACTS = st.fixed_dictionaries(
    {
        "can": st.sampled_from([frozenset({"be_reached"}), frozenset[str]()]),
        "core_wants": st.frozensets(st.sampled_from(["place", "date"])),
    }
)


class AnswerMachine(RuleBasedStateMachine):
    """A caller who answers, errs, goes back, changes, adds, leaves, drops and comes again."""

    caller: Caller

    def begin(self, caller: Caller, picks: list[int]) -> None:
        """She enters a form; most stories begin at its review."""
        self.caller = caller
        self.alteration = Alteration()
        self.take(picks[0])
        if len(picks) > 1:
            self.finish(picks[1:])

    def type(self, text: str, outcome: str = "ok") -> None:
        before = self.caller.inside
        self.caller.type(text, outcome)
        self.alteration.watch(self.caller, before)
        there_and_back(self.caller)

    def asked(self) -> bool:
        return bool(self.caller.replies())

    def led(self) -> bool:
        return bool(self.caller.ways())

    def ending(self) -> bool:
        return bool(self.caller.ends())

    def live(self) -> bool:
        return self.caller.screen.kind != "end"

    def one(self, texts: list[str], pick: int) -> str:
        return texts[pick % len(texts)]

    @precondition(asked)
    @rule(picks=st.lists(PICKS, min_size=1, max_size=5))
    def answer(self, picks: list[int]) -> None:
        """Answer some questions in a row; where a screen beside one asks nothing, take its lines."""
        for pick in picks:
            ways = [] if self.ending() else self.caller.ways()
            if texts := self.caller.replies() or ways:
                self.type(self.one(texts, pick))

    @precondition(asked)
    @rule(picks=st.lists(PICKS, min_size=1, max_size=3))
    def finish(self, picks: list[int]) -> None:
        """Answer all that is asked."""
        self.answer([*islice(cycle(picks), MOST_QUESTIONS)])

    @precondition(led)
    @rule(pick=PICKS)
    def take(self, pick: int) -> None:
        """Take a line that leads on: into a form, to a change, an addition, a restart."""
        self.type(self.one(self.caller.ways(), pick))

    @precondition(led)
    @rule(picks=st.lists(PICKS, min_size=2, max_size=5))
    def take_and_answer(self, picks: list[int]) -> None:
        """Take a line, and answer what is asked there."""
        self.take(picks[0])
        self.answer(picks[1:])

    @precondition(ending)
    @rule(pick=PICKS, outcome=PICKS)
    def end(self, pick: int, outcome: int) -> None:
        """Send, leave, forget or begin anew."""
        text = self.one(list(self.caller.ends()), pick)
        action = self.caller.ends()[text]
        self.type(text, self.one(sorted(self.caller.outcomes(action).outcomes), outcome) if action else "")

    @precondition(live)
    @rule(text=st.sampled_from(WRONG))
    def err(self, text: str) -> None:
        self.type(text)

    @precondition(live)
    @rule(times=st.integers(1, 3))
    def back(self, times: int) -> None:
        for _ in range(times):
            if self.live():
                self.type("0")

    @precondition(live)
    @rule(text=st.sampled_from(["98", "00"]))
    def press(self, text: str) -> None:
        """The keys for more and for the start."""
        self.type(text)

    @rule()
    def dial_again(self) -> None:
        self.caller.dial()

    def teardown(self) -> None:
        if hasattr(self, "caller"):
            whole_equals_steps(self.caller)


class ShippedForms(AnswerMachine):
    """The forms of e-Mrejesho."""

    @initialize(facts=FACTS, picks=ENTRY)
    def dial(self, facts: dict[str, frozenset[str]], picks: list[int]) -> None:
        self.begin(Caller(shipped(), "emrejesho", ("9", "2"), facts), picks)


class GeneratedForms(AnswerMachine):
    """Forms that nobody wrote, some entered with an answer given."""

    @initialize(menu=menus(given=True), facts=FACTS, picks=ENTRY)
    def dial(self, menu: str, facts: dict[str, frozenset[str]], picks: list[int]) -> None:
        edition = edition_of(menu)
        assume(edition is not None)
        assert edition is not None
        self.begin(Caller(edition, "demo", (), facts), picks)


def run(machine: Callable[[], AnswerMachine], examples: int, **changes: object) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    bounds = settings(
        max_examples=examples,
        stateful_step_count=40,
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=checks,
    )
    run_state_machine_as_test(machine, settings=settings(bounds, **changes))  # type: ignore[arg-type]
