"""What every collector of forms must do, whoever wrote it.

    class TestMine(CollectorContract):
        def collector(self, **options: object) -> Collector:
            return Mine(settings("mine", **options))

        def check(self, field: str, text: str) -> Request:
            return Request(method="POST", kind=Kind.CHECK, …)

        def form(self, number: str, fields: Mapping[str, str]) -> Request:
            return Request(method="POST", kind=Kind.FORMS, …)

Needs pytest and hypothesis.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.channels.base import Kind, Request, Response
from ussd_engine.channels.forms import Asked, Collected, Collector, FormSettings
from ussd_engine.errors import ConfigError, NotACallback
from ussd_engine.testing import channel_contract
from ussd_engine.testing.channel_contract import NUMBER, TYPED, TYPES, inherited
from ussd_engine.testing.mangled import doubled, lacking, media_type, spoilt, typed

FIELDS = {"f_kind": "form", "f_body": "institution", "f_words": "message"}
"""The field map of `settings`: the platform's names, each with an answer of ours."""
WORDS = "Barabara mbovu"
FORM = {"f_kind": "complaint", "f_body": "TANESCO", "f_words": WORDS}
CANARIES = (NUMBER, WORDS, "TANESCO")


def settings(name: str, **options: object) -> FormSettings:
    """Settings with a country of twelve-digit numbers, a service and the fields of `FIELDS`."""
    ours = {"service": "emrejesho", "fields": FIELDS, **options}
    return FormSettings(name=name, msisdn=channel_contract.settings(name).msisdn, options=ours)


class CollectorContract(ABC):
    """Subclass, and say how the collector is made and what its platform sends."""

    @abstractmethod
    def collector(self, **options: object) -> Collector:
        """A new collector, made from `settings` with these options."""

    @abstractmethod
    def check(self, field: str, text: str) -> Request:
        """The platform asks whether `text` may stand in `field`."""

    @abstractmethod
    def form(self, number: str, fields: Mapping[str, str]) -> Request:
        """The platform delivers a form of `number`, its fields in this order."""

    def requests(self) -> list[Request]:
        """One of each kind that the platform makes."""
        return [self.check("f_body", "TANESCO"), self.form(NUMBER, FORM)]

    def read(self, request: Request) -> Asked | Collected:
        collector = self.collector()
        return collector.asked(request) if request.kind is Kind.CHECK else collector.collected(request)

    def refusal(self, request: Request) -> str:
        """The words of a refusal; empty where the request was read."""
        try:
            found = self.read(request)
        except NotACallback as error:
            return str(error) or "refused"
        assert isinstance(found, Asked if request.kind is Kind.CHECK else Collected)
        return ""

    def refused(self, request: Request) -> bool:
        """Whether it is refused, without a word of hers."""
        words = self.refusal(request)
        assert not any(canary in words for canary in CANARIES)
        return bool(words)

    # settings

    def test_it_is_made_from_the_settings_of_its_channel(self) -> None:
        options = self.collector(set={"nature": "other"}).options
        assert (options.service, list(options.fields), options.set) == ("emrejesho", list(FIELDS), {"nature": "other"})

    @pytest.mark.parametrize("wrong", [{"colour": "blue"}, {"fields": {}}, {"window_s": 0}, {"service": 7}])
    def test_a_setting_that_cannot_be_used_is_named(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ConfigError, match=rf'^channel "{self.collector().name}": forms: .*{next(iter(wrong))}'):
            self.collector(**wrong)

    # what it reads

    @inherited
    @given(TYPED)
    def test_what_was_typed_is_what_is_asked(self, text: str) -> None:
        asked = self.collector().asked(self.check("f_words", text))
        assert asked.text == text
        assert asked.field in ("f_words", ""), "a platform may not say of which field it asks"

    def test_a_form_is_read_by_the_names_of_the_platform(self) -> None:
        assert self.collector().collected(self.form(NUMBER, FORM)) == Collected(NUMBER, FORM, NUMBER)

    def test_fields_are_in_the_order_of_the_settings_whatever_came_first(self) -> None:
        turned = self.form(NUMBER, dict(reversed(FORM.items())))
        assert list(self.collector().collected(turned).fields) == list(FIELDS)

    def test_what_is_empty_or_not_named_by_the_settings_is_left_out(self) -> None:
        given = {"f_kind": "", "other": "x", "f_body": "  ", "f_words": f" {WORDS} "}
        assert self.collector().collected(self.form(NUMBER, given)).fields == {"f_words": WORDS}

    def test_a_number_of_no_country_of_ours_is_told_apart_and_is_nobody_s(self) -> None:
        found = self.collector().collected(self.form("withheld", FORM))
        assert (found.msisdn, found.number) == ("", "withheld")

    # what it answers

    def test_its_answers_are_told_apart(self) -> None:
        made = self.collector()
        answers = [made.right({}), made.wrong(WORDS), made.taken(WORDS, by_sms=True), made.refused(WORDS, by_sms=True)]
        assert {answer.status for answer in answers} == {200}
        assert answers[0].body != answers[1].body
        assert answers[2].body not in (answers[3].body, made.taken(WORDS, by_sms=False).body)

    def test_its_words_are_those_that_it_was_given(self) -> None:
        for answer in self.answers(WORDS):
            assert WORDS.encode() in answer.body

    @inherited
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_any_words_are_an_answer(self, words: str) -> None:
        for answer in self.answers(words):
            answer.body.decode()

    def answers(self, words: str) -> Iterator[Response]:
        """Every answer that holds words."""
        made = self.collector()
        yield from (
            made.wrong(words),
            made.taken(words, by_sms=True),
            made.refused(words, by_sms=True),
            made.right({"name": words}),
        )

    # what is broken

    @inherited
    @given(st.binary(max_size=200), st.sampled_from(TYPES), st.sampled_from(["GET", "POST", "PUT"]), st.text())
    def test_a_hostile_request_is_read_or_refused(self, body: bytes, type_: str, method: str, query: str) -> None:
        for kind in (Kind.CHECK, Kind.FORMS):
            self.refusal(Request(method=method, kind=kind, query=query, headers={"content-type": type_}, body=body))

    @inherited
    @given(st.data())
    def test_a_broken_copy_is_read_or_refused(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.requests()))
        cut = data.draw(st.integers(0, max(len(request.body), len(request.query))))
        noise = data.draw(st.binary(max_size=4))
        body = request.body[:cut] + noise + request.body[cut:]
        query = request.query[:cut] + noise.decode("latin-1") + request.query[cut:]
        self.refusal(msgspec.structs.replace(request, body=body, query=query))

    def test_a_field_that_stands_twice_is_refused(self) -> None:
        for request in self.requests():
            for twice in doubled(request):
                assert self.refused(twice)

    def test_a_check_without_a_text_is_refused_and_a_form_without_a_field_is_not(self) -> None:
        for name, without in lacking(self.check("f_body", "TANESCO")):
            assert self.refused(without), name
        for name, without in lacking(self.form(NUMBER, FORM)):
            assert not self.refused(without) or name not in FORM, name

    def test_a_form_without_a_number_is_nobody_s_or_is_refused(self) -> None:
        for name, without in lacking(self.form(NUMBER, FORM)):
            if name not in FORM and not self.refused(without):
                assert self.collector().collected(without) == Collected("", FORM, "")

    def test_bytes_that_are_not_utf_8_are_refused(self) -> None:
        for request in self.requests():
            if request.body:
                assert self.refused(msgspec.structs.replace(request, body=spoilt(request.body, "TANESCO")))

    @pytest.mark.parametrize("charset", ["utf-7", "iso-8859-1", "utf-16", "x-unknown", ""])
    def test_another_charset_is_refused(self, charset: str) -> None:
        for request in self.requests():
            if request.method == "POST":
                assert self.refused(typed(request, f"{media_type(request)}; charset={charset}"))

    def test_another_method_is_refused(self) -> None:
        for request in self.requests():
            assert self.refused(msgspec.structs.replace(request, method="PUT"))

    def test_nothing_of_hers_is_shown_where_it_is_printed(self) -> None:
        for request in self.requests():
            assert not any(canary in repr(self.read(request)) for canary in CANARIES)
