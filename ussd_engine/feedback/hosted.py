"""Services of other institutions that are hosted at our root: their forms are delivered, their fields checked, by HTTP.

The wire is that of the national platform, which hosts menus in the same way. A finished form:

    POST /forms  {"msisdn":"255700000001","jina":"Asha","mita":"12345678"}
    {"status":true,"sms_reply":true,"sms_text":"Ombi lako limepokelewa."}

and a field while it is typed:

    POST /forms/check?field=mita  {"data":"12345678"}
    {"success":true,"name":"Asha Juma, Mikocheni"}

2xx with `status` true, and 409, mean "I have it"; so does 2xx with an object that is too long to be read. 400 and 422
refuse this form for ever. 2xx without that `status` is an answer to this very form, which has eight attempts. Any other
answer, a redirect and silence say nothing of it: it is brought until there is one. One institution that is away or slow
keeps nobody else's forms.

The number goes along in mode `named` alone. Nothing has an id on this wire: a form may come twice, and is known by what
it holds, or by our reference where a field is mapped to the answer `ref`.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

import aiohttp
import msgspec
from yarl import URL

from ussd_engine import gsm
from ussd_engine.answered import beginning, retry_after
from ussd_engine.errors import ConfigError, DeliveryError, Rejected, Why, did_you_mean, misfit
from ussd_engine.feedback import address
from ussd_engine.feedback.address import Lookup, Network
from ussd_engine.feedback.base import Batch, FeedbackStore
from ussd_engine.feedback.trust import authorities, not_trusted
from ussd_engine.fieldtable import MOST_FIELDS, Field, Fields, field_of, plain
from ussd_engine.ledger import Clock
from ussd_engine.messages import Addition, Appeal, Erasure, Rating, View, Withdrawal
from ussd_engine.model import Mode, Submission
from ussd_engine.secret import Url

TIMEOUT_S: Final = 10.0
REFUSES: Final = frozenset({400, 422})
HAVE_IT: Final = 409
NUMBER: Final = "msisdn"
NAME: Final = "name"
REFERENCE: Final = "ref"
LONGEST: Final = 160
"""Of an institution's words, in septets."""
SAID: Final = ("name", "message", "data")
"""Where an institution's words of a field stand, the first that has any."""

_LONG: Final = re.compile(rb"\s*\{")
"""How an object begins; a page in its place, as of a proxy, says nothing of a form."""
_NOT_TRUE: Final = re.compile(rb'"status"\s*:\s*(?!true\b)[^\s]')

Tell = Callable[[Submission, str], Awaitable[None]]
"""Told what an institution wants said to whoever sent a form. Raises no `EngineError`: the institution has the form."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table of a service in the setting `hosted`."""

    url: str
    """Where finished forms go."""
    fields: Fields = {}
    """The institution's fields, each with our answer; none: all answers, by our names."""
    check: str = ""
    """Where fields are checked; empty: `url` with `/check` behind it."""
    allow: str | tuple[str, ...] = ()
    """Private networks in which the institution may stand; one may be a text."""

    def networks(self) -> tuple[Network, ...]:
        """Those of `allow`. Raises `ValueError`."""
        return tuple(map(ipaddress.ip_network, [self.allow] if isinstance(self.allow, str) else self.allow))


class _Said(msgspec.Struct, frozen=True):
    """An answer to a form."""

    status: bool = False
    sms_reply: bool = False
    sms_text: str = ""


class _Answer(NamedTuple):
    """What came back. `whole`: `body` is not the beginning alone."""

    status: int
    body: bytes
    whole: bool


class Institution:
    """One institution behind its addresses."""

    def __init__(self, service: str, options: Options, url: URL, check: URL, clock: Clock, tell: Tell) -> None:
        self._service = service
        self._fields = {name: found for name in options.fields if (found := field_of(options.fields, name))}
        self._url, self._check = url, check
        self._clock = clock
        self._tell = tell
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=Lookup(options.networks()), ssl=authorities()),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def submit(self, submission: Submission) -> str:
        """Deliver a form; what the institution wants said to her is told. Raises as a feedback store does."""
        form = self._form(submission)
        answer = await self._post(self._url, form)
        if answer.status != HAVE_IT:
            said = self._judged(answer, form)
            if said.sms_reply and said.sms_text.strip():
                await self._tell(submission, shown(said.sms_text))
        return submission.reference

    async def asked(self, answer: str, text: str) -> list[list[str]]:
        """The row of what an institution says of a typed answer; none where it says no. Raises `DeliveryError`."""
        name = next((name for name, field in self._fields.items() if field.answer == answer), answer)
        typed = self._fields[name].theirs(text) if name in self._fields else text
        said = await self._post(self._check.update_query(field=name), {"data": typed})
        document = _document(said.body) if said.status == 200 and said.whole else {}
        match document.get("success"):
            case True:
                words = next((one for key in SAID if isinstance(one := document.get(key), str) and one.strip()), text)
                return [[text, shown(words)]]
            case False:
                return []
        raise self._away(f"the institution answered {said.status} to a field", said.status)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    def _form(self, submission: Submission) -> dict[str, str]:
        """A form by the institution's names. What was not answered is left out."""
        answers = {**submission.answers, NAME: submission.name, REFERENCE: submission.reference}
        fields = self._fields or {name: Field(name) for name in (*submission.answers, NAME)}
        found = {name: field.theirs(answers.get(field.answer) or "") for name, field in fields.items()}
        number = {NUMBER: submission.number} if submission.mode is Mode.NAMED and submission.number else {}
        return {**number, **{name: value for name, value in found.items() if value}}

    async def _post(self, url: URL, document: Mapping[str, str]) -> _Answer:
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                if response.status in (429, 503):
                    error = self._away(f"the institution answered {response.status}", response.status)
                    error.after_s = retry_after(response.headers.get("retry-after", ""), self._clock() / 1000)
                    raise error
                return _Answer(response.status, *await beginning(response.content))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            away = self._away("the institution did not answer")
            if not_trusted(error):
                away.why, away.pause = Why.INSTITUTION_NOT_TRUSTED, True
            raise away from error

    def _judged(self, answer: _Answer, form: Mapping[str, str]) -> _Said:
        """What an institution said of a form that it has; raises what else it said."""
        said = f"the institution answered {answer.status}"
        if answer.status in REFUSES:
            # Of its own words none goes on, for they may be hers: a name that stands in the form alone is ours.
            field = _document(answer.body).get("field")
            error: DeliveryError = Rejected(said)
            error.field = field if isinstance(field, str) and field in form else ""
            raise self._told(error, Why.INSTITUTION_REFUSES, answer.status)
        if not 200 <= answer.status < 300:
            raise self._away(said, answer.status)
        if not answer.whole and _LONG.match(answer.body) and not _NOT_TRUE.search(answer.body):
            return _Said(True)
        document = _document(answer.body)
        if document.get("status") is not True:
            error = DeliveryError(f"{said} without a status of true")
            error.heard = True
            raise self._told(error, Why.INSTITUTION_TAKES_NOT, answer.status)
        text = document.get("sms_text")
        return _Said(True, document.get("sms_reply") is True, text if isinstance(text, str) else "")

    def _away(self, words: str, status: int = 0) -> DeliveryError:
        """It says nothing of what it was sent."""
        return self._told(DeliveryError(words), Why.INSTITUTION_AWAY, status)

    def _told(self, error: DeliveryError, why: Why, status: int) -> DeliveryError:
        """The error with what an operator is told of it."""
        error.why, error.service, error.status = why, self._service, status
        error.reason = f"{error}: {error.field}" if error.field else str(error)
        return error


class Hosting:
    """The core, and the institutions whose services are hosted: each gets what is its own."""

    def __init__(
        self, core: FeedbackStore, institutions: Mapping[str, Institution], service_of: Callable[[str], Awaitable[str]]
    ) -> None:
        """`service_of` gives the service of a case by its reference."""
        self._core = core
        self._institutions = institutions
        self._service_of = service_of

    @property
    def capabilities(self) -> frozenset[str]:
        """Those of the core."""
        return self._core.capabilities

    @property
    def wants(self) -> frozenset[str]:
        """What the core asks for."""
        return self._core.wants

    async def submit(self, submission: Submission) -> str:
        """By the service."""
        return await (self._institutions.get(submission.service) or self._core).submit(submission)

    async def append(self, addition: Addition) -> None:
        """To the core; an institution is told of nothing but forms."""
        await self._mine(addition.reference)
        await self._core.append(addition)

    async def rate(self, rating: Rating) -> None:
        """As `append`."""
        await self._mine(rating.reference)
        await self._core.rate(rating)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """As `append`."""
        await self._mine(withdrawal.reference)
        await self._core.withdraw(withdrawal)

    async def appeal(self, appeal: Appeal) -> None:
        """As `append`."""
        await self._mine(appeal.reference)
        await self._core.appeal(appeal)

    async def erase(self, erasure: Erasure) -> None:
        """What an institution has of a form cannot be taken back on this wire; the gateway forgets it all the same."""
        if not await self._elsewhere(erasure.reference):
            await self._core.erase(erasure)

    async def view(self, reference: str) -> View | None:
        """As the core shows it."""
        return await self._core.view(reference)

    async def events(self, mark: str, most: int) -> Batch:
        """As the core tells them."""
        return await self._core.events(mark, most)

    async def asked(self, service: str, answer: str, text: str) -> list[list[str]]:
        """What the institution of a service says of a typed answer. Raises `DeliveryError`."""
        institution = self._institutions.get(service)
        if institution is None:
            raise DeliveryError("this service is nobody else's")
        return await institution.asked(answer, text)

    async def close(self) -> None:
        """Close the institutions' connections; the core is closed by whoever opened it."""
        for institution in self._institutions.values():
            await institution.close()

    async def _mine(self, reference: str) -> None:
        if await self._elsewhere(reference):
            error = Rejected("an institution that is hosted is told of nothing but forms")
            error.reason = str(error)
            raise error

    async def _elsewhere(self, reference: str) -> bool:
        """Whether a case is an institution's."""
        return bool(self._institutions) and await self._service_of(reference) in self._institutions


def open_institution(
    service: str, settings: Mapping[str, object], clock: Clock, tell: Tell, *, production: bool
) -> Institution:
    """The institution of a hosted service. Raises `ConfigError`."""
    options = read_options(service, settings)
    url, check = addresses(service, options, production=production)
    return Institution(service, options, url, check, clock, tell)


def addresses(service: str, options: Options, *, production: bool) -> tuple[URL, URL]:
    """Where the forms of a service go, and where its fields are checked. Raises `ConfigError`."""
    url = _address(service, options.url, options, production)
    if options.check:
        return url, _address(service, options.check, options, production)
    return url, (url / "check").with_query(url.query)


def read_options(service: str, settings: Mapping[str, object]) -> Options:
    """The table of a service. Raises `ConfigError` with what is wrong, and never with an address."""
    place, known = f'hosted: service "{service}"', Options.__struct_fields__
    for key in settings:
        if key not in known:
            raise ConfigError(f'{place}: setting "{key}" does not exist{did_you_mean(key, known)}')
    try:
        read = msgspec.convert(plain(settings), Options, strict=False)
        read.networks()
    except msgspec.ValidationError as error:
        raise ConfigError(f"{place}: {misfit(error, Options)}") from None
    except ValueError:
        raise ConfigError(f'{place}: allow: expected networks, as ["10.20.0.0/16"]') from None
    if len(read.fields) > MOST_FIELDS:
        raise ConfigError(f"{place}: fields: expected {MOST_FIELDS} of them at most")
    return read


def shown(words: str) -> str:
    """An institution's words as a phone shows them: one line in GSM-7, no longer than an SMS."""
    folded = gsm.fold(" ".join(gsm.clean(words[: 4 * LONGEST]).split()))
    plain_ = "".join(one if gsm.culprit(one) is None else "?" for one in folded)
    return gsm.shorten(plain_, LONGEST)


def _address(service: str, text: str, options: Options, production: bool) -> URL:
    place, example = f'hosted: service "{service}"', "https://huduma.example.go.tz/fomu"
    whom = address.Whom(place, "institution", example, "`allow` in its table")
    setting = f"hosted+{Url(text).reveal()}"
    return address.parse(setting, production=production, allow=options.networks(), whom=whom)


def _document(body: bytes) -> dict[str, object]:
    """The object in a body; empty where there is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
