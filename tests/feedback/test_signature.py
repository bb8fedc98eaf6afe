"""Standard Webhooks, checked with the package of those who wrote the standard."""

import base64
import secrets
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from ussd_engine.errors import ConfigError, NotSigned
from ussd_engine.feedback.signature import TOLERANCE_S, Signer
from ussd_engine.secret import Secret

VECTOR = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
BODY = b'{"type":"submission.created","timestamp":"2026-01-15T06:30:00Z","data":{"id":"sub_0001"}}'
AT = 1768458600
SIGNATURE = "v1,dATTzv8CifOMVUhACnD2wyI/tZ/3KbgbXvUcde0omyw="


def drawn(octets: int = 32) -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(octets)).decode()


def signer(*texts: str) -> Signer:
    return Signer([Secret(text) for text in texts])


def of_a_core(secret: str, body: bytes = BODY, *, id: str = "evt_1", at: int = AT) -> dict[str, str]:
    """The headers of who uses the package."""
    signature = Webhook(secret).sign(id, datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": signature}


def test_the_vector_is_signed_as_it_is_printed() -> None:
    headers = signer(VECTOR).headers("msg_0001", AT, BODY)
    assert headers == {"webhook-id": "msg_0001", "webhook-timestamp": str(AT), "webhook-signature": SIGNATURE}
    assert signer(VECTOR).verify(headers, BODY, AT) == "msg_0001"


@pytest.mark.parametrize("octets", [24, 32, 64])
def test_the_package_believes_us_and_we_the_package(octets: int) -> None:
    secret, now = drawn(octets), int(time.time())
    ours = signer(secret).headers("msg_1", now, BODY)
    assert Webhook(secret).verify(BODY, ours)["data"] == {"id": "sub_0001"}
    assert signer(secret).verify(of_a_core(secret), BODY, AT) == "evt_1"
    with pytest.raises(WebhookVerificationError):
        Webhook(drawn()).verify(BODY, ours)


def test_while_a_secret_is_replaced_both_sides_may_change_when_they_like() -> None:
    old, new, now = drawn(), drawn(), int(time.time())
    ours = signer(new, old).headers("msg_1", now, BODY)
    assert len(ours["webhook-signature"].split()) == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, ours)
        assert signer(new, old).verify(of_a_core(secret), BODY, AT) == "evt_1"
    with pytest.raises(NotSigned):
        signer(new).verify(of_a_core(old), BODY, AT)


def test_a_list_of_signatures_needs_one_that_fits() -> None:
    headers = of_a_core(VECTOR)
    headers["webhook-signature"] = f"v1a,AAAA v1,{'A' * 43}= {headers['webhook-signature']} ü"
    assert signer(VECTOR).verify(headers, BODY, AT) == "evt_1"


@pytest.mark.parametrize("off", [-TOLERANCE_S, TOLERANCE_S])
def test_a_clock_may_be_five_minutes_off_and_no_more(off: int) -> None:
    headers = of_a_core(VECTOR)
    assert signer(VECTOR).verify(headers, BODY, AT + off)
    with pytest.raises(NotSigned, match="webhook-timestamp"):
        signer(VECTOR).verify(headers, BODY, AT + off + (1 if off > 0 else -1))


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "evt_2"},
        {"webhook-id": ""},
        {"webhook-id": "e.1"},
        {"webhook-id": "e 1"},
        {"webhook-id": "e" * 129},
        {"webhook-id": "\udcff"},
        {"webhook-timestamp": str(AT + 1)},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": f" {AT}"},
        {"webhook-timestamp": "١٧٦٨٤٥٨٦٠٠"},
        {"webhook-timestamp": "9" * 5000},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "\udcff"},
        {"webhook-signature": "v2" + SIGNATURE[2:]},
    ],
)
def test_headers_that_were_changed_are_not_believed(changes: dict[str, str]) -> None:
    headers = of_a_core(VECTOR)
    assert signer(VECTOR).verify(headers, BODY, AT)
    with pytest.raises(NotSigned):
        signer(VECTOR).verify(headers | changes, BODY, AT)


@pytest.mark.parametrize("id", ["e.1", "e 1", "e" * 129])
def test_an_id_that_could_be_read_in_two_ways_is_not_believed(id: str) -> None:
    with pytest.raises(NotSigned, match="webhook-id"):
        signer(VECTOR).verify(of_a_core(VECTOR, id=id), BODY, AT)


def test_a_body_that_was_changed_is_not_believed() -> None:
    headers = of_a_core(VECTOR)
    for body in (BODY + b" ", BODY.replace(b"0001", b"0002"), b"", BODY[1:]):
        with pytest.raises(NotSigned):
            signer(VECTOR).verify(headers, body, AT)


@pytest.mark.parametrize(
    "texts",
    [
        (),
        (drawn(), drawn(), drawn()),
        ("",),
        ("whsec_",),
        (drawn().removeprefix("whsec_"),),
        (drawn(23),),
        (drawn(65),),
        ("whsec_" + "ü" * 40,),
        ("whsec_" + "!" * 40,),
        ("whsk_" + drawn().removeprefix("whsec_"),),
    ],
)
def test_a_secret_that_is_none_stops_the_start_and_is_not_quoted(texts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as refused:
        signer(*texts)
    assert not [text for text in texts if len(text) > 6 and text[6:] in str(refused.value)]


def test_a_secret_without_its_padding_is_the_same() -> None:
    secret = drawn(32)
    assert signer(secret.rstrip("=")).headers("m", AT, BODY) == signer(secret).headers("m", AT, BODY)
