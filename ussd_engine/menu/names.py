"""Whether every name in a service leads to something: what must hold before it can be compiled."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ussd_engine.actions import ACTIONS
from ussd_engine.errors import Fault, did_you_mean, or_one_of
from ussd_engine.facts import FACTS
from ussd_engine.menu.answers import all_named, answers_of, asked_in, inside_forms, read_beside
from ussd_engine.menu.chains import chained
from ussd_engine.menu.compile import entered, targets
from ussd_engine.menu.order import out_of_order
from ussd_engine.menu.schema import Form, Item, Service
from ussd_engine.menu.template import template
from ussd_engine.registry import OFFERS, SOURCES, SPOKEN, WARNINGS, columns_of
from ussd_engine.registry import RULES as CHECKS
from ussd_engine.screens.base import VERBS, Case, Dest, Place, Screen, Tests


class _Checker:
    """The checks of one service's names."""

    def __init__(self, service: Service, services: Mapping[str, Service] | None, faults: list[Fault]) -> None:
        self.service = service
        self.services = services
        self.faults = faults
        self.answers = answers_of(service)
        self.entered = entered(service)
        self.asked = asked_in(service)
        self.inside = inside_forms(service) | self.asked
        # made once: a service may have ten thousand of each
        self.questions = frozenset([*service.screens, *service.forms])
        self.targets = self.questions.union(service.actions)
        self.looked_at = frozenset([*self.answers, *FACTS])
        self.changeable = self.asked.union(self.answers)

    def fault(self, place: Place, message: str, rule: str) -> None:
        self.faults.append(Fault(place.file, place.line, message, rule))

    def exists(self, name: str, known: Collection[str], place: Place, what: str, rule: str) -> bool:
        if name in known:
            return True
        self.fault(place, f'{what} "{name}" does not exist{did_you_mean(name, known)}', rule)
        return False

    # the service

    def frame(self, languages: tuple[str, ...]) -> None:
        service = self.service
        for key in ("start", "first", "resume", "last", "pilot", "too_many"):
            name = getattr(service, key)
            if name and self.exists(name, service.screens, service.places[key], f"{key}: screen", "targets"):
                ends = key in ("pilot", "too_many")
                if (service.screens[name].kind == "end") is not ends:
                    be = "be" if ends else "not be"
                    self.fault(service.places[key], f'{key}: "{name}" must {be} an end screen', "system screens")
        for key, name in service.system.items():
            place = service.places[f"system.{key}"]
            there = self.exists(name, service.screens, place, f"system: {key}: screen", "targets")
            if there and service.screens[name].kind != "end":
                self.fault(place, f'system: {key}: "{name}" must be an end screen', "system screens")
        for digits, name in service.dial.items():
            self.exists(name, service.screens, service.places[f"dial.{digits}"], f'dial "{digits}": screen', "targets")
        self.shared_names()
        self.language(languages)

    def shared_names(self) -> None:
        service = self.service
        for kind, other in (("forms", "screens"), ("actions", "screens"), ("actions", "forms")):
            for name in sorted(set(getattr(service, kind)) & set(getattr(service, other))):
                place = service.places[f"{kind}.{name}"]
                self.fault(place, f'"{name}" is the name of two things, in {kind} and in {other}', "one name")

    def language(self, languages: tuple[str, ...]) -> None:
        first = self.service.screens.get(self.service.first)
        if first and tuple(first.save) != ("language",):
            place = self.service.places["first"]
            self.fault(place, f'first: screen "{first.name}" must save the answer "language"', "language")
        for line in first.lines if first else ():
            if line.value not in languages:
                known = ", ".join(languages)
                self.fault(line.place, f'language "{line.value}" has no catalogue; there are {known}', "language")

    # forms

    def form(self, form: Form) -> None:
        for item in form.ask:
            self.exists(item.name, self.questions, item.place, f'form "{form.name}": question', "questions")
            self.tests(item.tests)
        if not self.circle(form, ()):
            for place, words in out_of_order(self.service, form):
                self.fault(place, words, "order")
            self.end(form)

    def circle(self, form: Form, above: tuple[str, ...]) -> bool:
        for item in form.ask:
            if item.name in (*above, form.name):
                self.fault(item.place, f'form "{form.name}" asks itself by "{item.name}"', "form circle")
                return True
            if item.name in self.service.forms and self.circle(self.service.forms[item.name], (*above, form.name)):
                return True
        return False

    def end(self, form: Form) -> None:
        """A form that is entered ends with a question that saves nothing; no other one does: it is never answered."""
        if form.name not in self.entered:
            return
        item = self.saving_nothing(form, True)
        screen = self.service.screens.get(item.name) if item else None
        if item and screen and (screen.answers or item.tests):
            message = (
                f'form "{form.name}" ends with "{item.name}", which {"has a condition" if item.tests else "saves"}'
            )
            self.fault(item.place, f"{message}: its last question saves nothing and is always asked", "form end")

    def saving_nothing(self, form: Form, last: bool) -> Item | None:
        """A fault for each question that saves nothing, but for the last one of all, which is given back."""
        item = None
        for index, item in enumerate(form.ask):
            ends = last and index == len(form.ask) - 1
            screen = self.service.screens.get(item.name)
            if item.name in self.service.forms:
                inner = self.saving_nothing(self.service.forms[item.name], ends)
                if ends and inner:
                    item = inner._replace(tests=(*item.tests, *inner.tests))
            elif screen and screen.kind == "end":
                message = f'form "{form.name}": "{item.name}" is an end screen, not a question'
                self.fault(item.place, message, "questions")
            elif screen and not screen.answers and not ends:
                message = f'form "{form.name}": "{item.name}" saves nothing, so nothing behind it is ever asked'
                self.fault(item.place, message, "form end")
        return item

    # conditions and targets

    def tests(self, tests: Tests) -> None:
        for test in tests:
            if test.name in FACTS:
                for value in test.values:
                    self.exists(value, FACTS[test.name], test.place, f"{test.name}: fact", "conditions")
            elif self.exists(test.name, self.looked_at, test.place, "answer or fact", "conditions"):
                for value in test.values if (values := self.answers[test.name]) else ():
                    self.exists(value, values, test.place, f"{test.name}: value", "conditions")

    def case(self, case: Case, inside: bool | None) -> None:
        service, dest = self.service, case.dest
        self.tests(case.tests)
        for name, value in case.set.items():
            there = self.exists(name, self.answers, case.place, "set: answer", "conditions")
            if there and self.answers[name]:
                self.exists(value or "", self.answers[name], case.place, f"set: {name}: value", "conditions")
        if dest.verb == "to" and dest.name in {service.resume, service.last} - {""}:
            self.fault(case.place, f'"{dest.name}" is shown by the engine alone: no line leads to it', "system screens")
        elif dest.verb == "to" and dest.name in VERBS and dest.name not in self.targets:
            self.fault(case.place, f'"{dest.name}" needs a name behind it', "verbs")
        elif dest.verb == "to":
            if self.exists(dest.name, self.targets, case.place, "target", "targets"):
                if inside and dest.name not in service.actions and not read_beside(service, self.asked, dest.name):
                    message = f'inside a form no line leads to "{dest.name}": the form asks what comes next'
                    self.fault(case.place, message, "no goto")
                if inside is False and dest.name in self.inside:
                    message = f'"{dest.name}" is shown by a form: lead to the form'
                    self.fault(case.place, message, "no goto")
        elif dest.verb == "service" and self.services is not None:
            self.exists(dest.name, self.services, case.place, "service", "services")
        elif dest.verb in ("change", "add"):
            self.exists(dest.name, self.changeable, case.place, f"{dest.verb}: question", "change")
        elif dest.verb == "forget" and not any(action.do == "cancel" for action in service.actions.values()):
            self.fault(case.place, "forget needs an action that does cancel", "verbs")
        if dest.verb in ("next", "accept", "change", "add", "restart") and inside is False:
            self.fault(case.place, f'"{dest.verb}" means something only inside a form', "verbs")

    # screens. `inside`: whether it stands in a form; `None` where a misspelt name leaves that open

    def screen(self, screen: Screen, inside: bool | None) -> None:
        where = f'screen "{screen.name}"'
        for line in screen.lines:
            self.tests(line.tests)
            for case in line.target:
                self.case(case, inside)
                if case.dest.verb == "continue" and screen.name != self.service.resume:
                    self.fault(case.place, f"{where}: continue is for the resume screen alone", "verbs")
                if case.dest.verb == "accept" and not screen.offer:
                    self.fault(case.place, f"{where}: accept needs an offer", "verbs")
        for case in screen.then:
            self.case(case, inside)
        for key in ("full", "none", "slow"):
            name = getattr(screen, key)
            if name:
                self.exists(name, self.service.screens, screen.place, f"{where}: {key}: screen", "targets")
        self.saving(screen, inside, where)
        self.registered(screen, inside, where)
        self.words(screen, where)

    def saving(self, screen: Screen, inside: bool | None, where: str) -> None:
        chooses = any(line.value is not None for line in screen.lines)
        chosen = screen.kind == "list" and (screen.source is None or SOURCES[screen.source.source].chosen)
        gives = chooses or screen.kind == "input" or chosen
        if gives and not screen.save and not screen.secret:
            self.fault(screen.place, f'{where} saves nothing: it has no "save"', "missing")
        if screen.secret and not any(self.takes(case.dest, screen.secret) for case in screen.then):
            self.fault(screen.place, f'{where}: no action takes the secret "{screen.secret}"', "actions")
        if inside and screen.then:
            self.fault(screen.place, f"{where}: then is for screens outside a form", "no goto")
        if inside is False and screen.save and not screen.then and screen.name != self.service.first:
            self.fault(screen.place, f'{where} stands outside a form and has no "then"', "missing")

    def takes(self, dest: Dest, secret: str) -> bool:
        """Whether an action is led to that uses a secret."""
        action = self.service.actions.get(dest.name)
        return dest.verb == "to" and action is not None and action.do in ACTIONS and secret in ACTIONS[action.do].takes

    def registered(self, screen: Screen, inside: bool | None, where: str) -> None:
        if screen.kind == "list" and not screen.source:
            self.fault(screen.place, f'{where} has no "from"', "missing")
        for rule in screen.warn:
            self.exists(rule, WARNINGS, screen.place, f"{where}: warning", "warnings")
        if screen.source:
            source = SOURCES[screen.source.source]
            for arg, value in screen.source.args.items():
                if source.args.get(arg) == "answer":
                    self.exists(value, self.answers, screen.place, f"{where}: {arg}: answer", "sources")
            if source.local is bool(screen.slow):
                need = "has a slow screen, but its source is local" if source.local else "needs a slow screen"
                self.fault(screen.place, f"{where} {need}", "slow")
            if ("matching" in screen.source.args or not source.local) and source.chosen and not screen.none:
                self.fault(screen.place, f"{where}: a search may find nothing: it needs none", "none")
            if not source.chosen and screen.save:
                self.fault(
                    screen.place, f"{where}: rows of {screen.source.source} are only read: it saves nothing", "sources"
                )
            for column in screen.save.values():
                self.exists(column or "code", columns_of(source.kind), screen.place, f"{where}: column", "columns")
        if screen.kind == "read" and bool(screen.slow) is not _spoken(screen):
            need = "needs a slow screen" if _spoken(screen) else f"has a slow screen, but shows no {{{SPOKEN}}}"
            self.fault(screen.place, f"{where} {need}", "slow")
        if inside and screen.slow and not (screen.source and SOURCES[screen.source.source].in_forms):
            self.fault(screen.place, f"{where}: what is asked for elsewhere stands outside a form", "slow")
        for name in (screen.none, screen.slow):
            if name in self.service.screens and self.service.screens[name].slow:
                self.fault(screen.place, f'{where}: "{name}" is asked for elsewhere itself', "slow")
        if screen.offer:
            self.offer(screen, where)

    def offer(self, screen: Screen, where: str) -> None:
        assert screen.offer is not None
        _, function, args = screen.offer
        if not self.exists(function, OFFERS, screen.place, f"{where}: offer", "offers"):
            return
        if len(args) != OFFERS[function].args:
            self.fault(screen.place, f'{where}: offer "{function}" takes {OFFERS[function].args} answers', "offers")
        for arg in args:
            self.exists(arg, self.answers, screen.place, f"{where}: offer: answer", "offers")
        if not OFFERS[function].sure and not screen.none:
            self.fault(screen.place, f'{where}: offer "{function}" may find nothing: it needs none', "none")

    def words(self, screen: Screen, where: str) -> None:
        needed = {error for rule in screen.checks for error in CHECKS[rule].errors if _needed(error, screen)}
        if screen.kind != "end":
            needed |= {"empty"} if screen.kind == "input" else {"choice", "empty"}
        for error in sorted(needed - set(self.service.errors)):
            self.fault(screen.place, f'{where} can need the error line "{error}", which has no words', "errors")
        for warning in screen.warn:
            if warning in WARNINGS and warning not in self.service.warnings:
                self.fault(screen.place, f'{where} can need the warning "{warning}", which has no words', "warnings")

    def actions(self) -> None:
        for action in self.service.actions.values():
            if not self.exists(action.do, ACTIONS, action.place, f'action "{action.name}": do', "actions"):
                continue
            declared = ACTIONS[action.do].outcomes
            for outcome in declared:
                if outcome not in action.outcomes:
                    message = f'action "{action.name}": outcome "{outcome}" of {action.do} leads nowhere'
                    self.fault(action.place, message, "outcomes")
            for outcome, target in action.outcomes.items():
                self.exists(outcome, declared, target[0].place, f'action "{action.name}": outcome', "outcomes")
                for case in target:
                    self.case(case, False)
        self.faults += chained(self.service, self.answers)


def _spoken(screen: Screen) -> bool:
    """Whether a text shows what the institution said."""
    return any(slot.name == SPOKEN for slot in template(screen.text).slots)


def _needed(error: str, screen: Screen) -> bool:
    return error != "short" or "min" in screen.bounds


def check_names(
    service: Service, services: Mapping[str, Service] | None, languages: tuple[str, ...], faults: list[Fault]
) -> None:
    """Add a fault for every name of the service that leads nowhere; `services` is `None` if others are not known."""
    checker = _Checker(service, services, faults)
    checker.frame(languages)
    for form in service.forms.values():
        checker.form(form)
    known = all_named(service)
    for screen in service.screens.values():
        checker.screen(screen, screen.name in checker.inside or (False if known else None))
    checker.actions()


def check_no_data(service: Service, file: str, faults: list[Fault]) -> None:
    """Add a fault for each screen that needs the institutions which this service does not have."""
    for screen in service.screens.values():
        if screen.offer or (screen.source and SOURCES[screen.source.source].local):
            message = f'screen "{screen.name}" needs institutions: the service\'s folder has no {file}'
            faults.append(Fault(*screen.place, message, "sources"))


def check_services(services: Mapping[str, Service], codes: Mapping[str, str], faults: list[Fault]) -> None:
    """Every dialled code has its service, and every service is dialled or led to."""
    led = {
        case.dest.name
        for service in services.values()
        for target in targets(service)
        for case in target
        if case.dest.verb == "service"
    }
    for code, name in codes.items():
        if name not in services:
            message = f'{code}: service "{name}" does not exist{or_one_of(name, services)}'
            faults.append(Fault("USSD_ENGINE_CODES, or codes in the TOML file", 0, message, "mount"))
            led.update(services)
    for service in services.values():
        if service.name not in led and service.name not in codes.values():
            message = f'no line leads to service "{service.name}", and no code is dialled for it'
            faults.append(Fault(service.place.file, service.place.line, message, "services"))
