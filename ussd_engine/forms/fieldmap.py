"""From a platform's fields to the answers of a form of ours, and to the act that a finished form is.

What the platform does not ask has the answer that the settings give, else that which an SMS takes for granted; who does
not say who may know her is confidential. The menu's own rule says what is missing then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from ussd_engine import gsm
from ussd_engine.channels.forms import FORM, Collected, Options
from ussd_engine.errors import ConfigError, did_you_mean, some
from ussd_engine.fieldtable import Field
from ussd_engine.forms.checking import CHOICE, EMPTY, Checking, Right, Wrong
from ussd_engine.forms.fields import WANTS, always_asked, asked_by, field_at, prove_field, sent, slots_of
from ussd_engine.forms.finding import FINDERS
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.keywords import INSTITUTION, Entry
from ussd_engine.menu.plan import Plan, all_tests
from ussd_engine.model import Answers, Mode, Submit
from ussd_engine.run import Run
from ussd_engine.scope import Facts
from ussd_engine.sms import addressee, filling
from ussd_engine.sms.filling import Sender

IDENTITY: Final = "identity"


class Filled(NamedTuple):
    """What became of a form: the act, or words; `form` is empty where it is not known which one it is."""

    form: str
    act: Submit | Wrong


class Read(NamedTuple):
    """The fields of a form, read: the answers, the form where it is known, and the first field that is wrong."""

    answers: Answers
    form: str
    wrong: Wrong | None
    same: list[str]
    """What makes another one the same form: each field, and its answer as it would be stored."""


class FieldMap:
    """The fields of one platform, on one edition."""

    def __init__(self, edition: Edition, name: str, options: Options) -> None:
        """Raises `ConfigError` where the settings name what the menus have not."""
        self._edition = edition
        self._options = options
        self.service = options.service
        prove(edition, name, options)
        self._menu = edition.services[options.service]
        self._forms = sent(self._menu)

    def check(self, field: str, text: str, locale: str) -> Right | Wrong | None:
        """Whether a field may stand so; `None` for a field that is not known. No name: that of the institution."""
        named = field or self._searched()
        known = self._options.field(named)
        if known is None:
            return None
        checking, typed = Checking(self._edition, self.service, locale), gsm.clean(text).strip()
        if known.values:
            value = known.ours(typed)
            return self._unknown(checking, known, typed) if value is None else Right(value)
        if known.answer == FORM:
            return Right(typed) if typed in self._forms else self._unknown(checking, known, typed)
        return checking.field(known.answer, typed)

    def read(self, collected: Collected, locale: str) -> Read:
        """The answers that the fields bring, each by itself."""
        checking, given, wrong, same = Checking(self._edition, self.service, locale), Answers(), None, list[str]()
        for name, text in collected.fields.items():
            answer = self._answer(name)
            found = self._given(checking, name, text)
            if isinstance(found, Wrong):
                wrong = wrong or found._replace(answer=answer)
                same += [name, text]
            else:
                given |= found
                same += [part for value in found.values() for part in (name, checking.stored(answer, value or ""))]
        form = self._options.form or str(given.pop(FORM, ""))
        if form not in self._forms:
            told = (field for name in self._options.fields if (field := self._options.field(name)))
            kind = next(field for field in told if field.answer == FORM)
            wrong = wrong or self._unknown(checking, kind, "?")._replace(answer=FORM)
        return Read(given, form if form in self._forms else "", wrong, same)

    def called(self, answer: str) -> str:
        """The platform's name of an answer; ours where it has no field."""
        names = (name for name in self._options.fields if self._answer(name) == answer)
        return next(names, answer)

    def fill(self, read: Read, sender: Sender, wants: Collection[str]) -> Filled:
        """The act of a finished form, or what is wrong with it. `wants`: what the core asks for besides."""
        given, form = read.answers, read.form
        if read.wrong:
            return Filled(form, read.wrong)
        checking = Checking(self._edition, self.service, sender.locale)
        given = {**self._granted(form, given, sender), **given}
        plan, can = self._menu.plans[form], frozenset({"be_reached"} if sender.msisdn else set[str]())
        facts: Facts = {"can": can, WANTS: frozenset(wants).intersection(self._offered(plan))}
        scope = filling.begun(self._edition, self.service, form, given, sender, facts)
        if wrong := checking.form(scope):
            return Filled(form, wrong)
        last = filling.asked(scope, Run(scope))
        if last.saves:
            screen = self._menu.screen(last.name)
            # Where an institution does not answer for all that leads to one, the form does not go to this one.
            elsewhere = given.get(INSTITUTION) and all(item.name != INSTITUTION for item in plan.items)
            error = CHOICE if screen.kind != "input" and elsewhere else EMPTY
            return Filled(form, Wrong(checking.said(scope, screen, error), field_at(self._menu, plan, last)))
        return Filled(form, filling.act_of(scope, last, sender, sender.channel))

    def _given(self, checking: Checking, name: str, text: str) -> Answers | Wrong:
        """The answer that a field brings; rows are found by now, the rest is checked with the form."""
        field = self._options.field(name)
        assert field is not None
        typed = gsm.clean(text).strip()
        if not typed:
            return {}
        value = field.ours(typed) if field.values else typed
        if value is None:
            return self._unknown(checking, field, typed)
        shown = self._menu.shown.get(field.answer)
        if shown and shown.kind in FINDERS and not field.values:
            row = checking.found(field.answer, value)
            return row if isinstance(row, Wrong) else {field.answer: row.value}
        return {field.answer: value}

    def _unknown(self, checking: Checking, field: Field, typed: str) -> Wrong:
        """What is said of a value that is none of a field's."""
        error = CHOICE if typed else EMPTY
        if field.answer == FORM:
            return Wrong(checking.choice(error, field.values or dict(zip(self._forms, self._forms, strict=True))))
        return Wrong(checking.choice(error, field.values, field.answer))

    def _granted(self, form: str, given: Answers, sender: Sender) -> Answers:
        """What is taken for granted of a form: by the settings, and as an SMS does."""
        entry = entry_of(self._menu, form)
        granted: Answers = {IDENTITY: Mode.CONFIDENTIAL.value}
        if entry:
            data = self._edition.data.get(self.service)
            row = data.get(given.get(INSTITUTION) or "") if data else None
            granted |= entry.set
            if row:
                granted |= {**entry.kinds.get(row.kind, {}), **addressee.answers_of(row, entry.save)}
        granted |= dict(self._options.set)
        if not sender.msisdn:
            granted[IDENTITY] = Mode.ANONYMOUS.value
        return granted

    def _offered(self, plan: Plan) -> Iterator[str]:
        """What the core may ask for besides: that for which the platform has a field."""
        answers = {field.answer for name in self._options.fields if (field := self._options.field(name))}
        for item in plan.items:
            if answers.intersection(item.saves):
                yield from (value for test in all_tests(plan, item) if test.name == WANTS for value in test.values)

    def _answer(self, name: str) -> str:
        field = self._options.field(name)
        assert field is not None
        return field.answer

    def _searched(self) -> str:
        """The field of the institution; empty where there is none."""
        fields = ((name, self._options.field(name)) for name in self._options.fields)
        return next((name for name, field in fields if field and field.answer == INSTITUTION), "")


def entry_of(menu: Menu, form: str) -> Entry | None:
    """What an SMS that fills a form takes for granted; `None` where none fills it."""
    entries = menu.service.keywords.entries if menu.service.keywords else ()
    return next((entry for entry in entries if entry.action == FORM and entry.value == form), None)


def prove(edition: Edition, name: str, options: Options) -> None:
    """Raises `ConfigError` where the table `forms` of a channel names what the menus have not."""
    place = f'channel "{name}": forms'
    menu = edition.services.get(options.service)
    if menu is None:
        hint = did_you_mean(options.service, edition.services)
        raise ConfigError(f'{place}: service "{options.service}" does not exist{hint}')
    if not menu.service.sms:
        raise ConfigError(f'{place}: service "{menu.name}" has no words for SMS, by which a form is answered')
    told = [field for one in options.fields if (field := options.field(one)) and field.answer == FORM]
    if bool(options.form) == bool(told):
        raise ConfigError(f'{place}: either "form" names the form, or one field whose answer is "form"')
    known = sent(menu)
    forms = [options.form] if options.form else [form for field in told for form in field.values.values()]
    for form in forms:
        if form not in known:
            raise ConfigError(f'{place}: "{form}" is no form that sends something{did_you_mean(form, known)}')
    answers = {answer for form in forms or known for answer in asked_by(known[form])}
    named = {slot.name for form in forms or known for slot in slots_of(menu, known[form])}
    for one in options.fields:
        field = options.field(one)
        assert field is not None
        if field.answer != FORM:
            values, where = list(field.values.values()), f'{place}: field "{one}"'
            prove_field(edition, menu, where, field.answer, values, answers, {*named, FORM})
    for answer, value in options.set.items():
        prove_field(edition, menu, f"{place}: set", answer, [value], answers, named)
    lacks = {form: lacking(menu, options, form) for form in forms or known}
    # Where nothing says which forms come, one that can be filled is enough.
    if lacks and (all(lacks.values()) or (forms and any(lacks.values()))):
        form = next(form for form in lacks if lacks[form])
        raise ConfigError(
            f'{place}: form "{form}" always asks for {some(lacks[form])}, for which there is neither a field nor '
            'a value in "set": no such form would ever be taken'
        )


def lacking(menu: Menu, options: Options, form: str) -> list[str]:
    """What a form always asks for and nothing gives: no field, not `set`, and nothing that is taken for granted."""
    given = {field.answer for name in options.fields if (field := options.field(name))} | options.set.keys()
    entry = entry_of(menu, form)
    granted = {IDENTITY} | (set(entry.set) if entry else set[str]())
    if entry and INSTITUTION in given:
        granted |= {*entry.save, *(name for kind in entry.kinds.values() for name in kind)}
    return [name for name in always_asked(menu, menu.plans[form]) if name not in given | granted]
