"""The speed bench itself: what it takes for a right reply, what it says of its rounds, and one tiny run of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from benchmarks import costs, crowd, report, sizes
from benchmarks.__main__ import bench, main
from benchmarks.client import Phones, Silent
from benchmarks.complaint import PROVIDER, Leg, Proof, WrongReply, answered, callers, complaint
from benchmarks.rounds import Pair, Plan, Result, Round, Settings, percentile
from benchmarks.servers import ROOT
from ussd_engine import config, reference
from ussd_engine.channels import CHANNELS

LAST = "END Asante. Tumepokea.\nNamba: {}\nPIN: {}\nTunza PIN, usimpe mtu.\nMajibu ifikapo {}."
NUMBER = reference.draw(lambda _: 12345678)
PLAN = Plan(rounds=2, seconds=0.3, dialogs=4)


@pytest.fixture(scope="module")
def legs() -> list[Leg]:
    return complaint(config.load({}), "gateway.example", "/ussd/africastalking")


def last(number: str = NUMBER, pin: str = "0918", date: str = "15/01/2026") -> bytes:
    return LAST.format(number, pin, date).encode()


def test_a_request_is_what_the_provider_sends(legs: list[Leg]) -> None:
    head, _, body = legs[2].request(b"ATUid_" + b"0" * 32, b"255700000001").partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /ussd/africastalking HTTP/1.1",
        b"Host: gateway.example",
        b"Accept: */*",
        b"Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
        b"Content-Length: %d" % len(body),
    ]
    number = b"phoneNumber=%2B255700000001&networkCode=64004&serviceCode=%2A152%2A00%23"
    assert body == b"sessionId=ATUid_" + b"0" * 32 + b"&" + number + b"&text=9%2A2"


def test_the_complaint_is_a_dial_and_eleven_answers_and_ends(legs: list[Leg]) -> None:
    assert len(legs) == 12
    assert [leg.pattern is None for leg in legs] == [True] * 11 + [False]
    assert all(leg.reply.startswith(b"CON ") for leg in legs[:-1])


def test_no_two_callers_share_a_number_or_a_dialog() -> None:
    numbers, dialogues = zip(*((one.number, one.dialogue) for one in islice(callers(), 500)), strict=True)
    assert len(set(numbers)) == len(set(dialogues)) == 500
    assert all(re.fullmatch(rb"2557000\d{5}", number) for number in numbers)


def test_right_replies_pass(legs: list[Leg]) -> None:
    proof = Proof()
    for leg in legs[:-1]:
        proof.check(leg, leg.reply)
    proof.check(legs[-1], last())
    proof.check(legs[-1], last(reference.draw(lambda _: 5), "4711"))
    assert len(proof.references) == 2


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (last().replace(b"END", b"CON"), "not as written"),
        (last() + b" ", "not as written"),
        (last(pin="123"), "not as written"),
        (last(NUMBER[:-1]), "not as written"),
        (last(NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)), "wrong check digit"),
    ],
)
def test_a_wrong_last_reply_is_found(legs: list[Leg], wrong: bytes, why: str) -> None:
    with pytest.raises(WrongReply, match=why):
        Proof().check(legs[-1], wrong)


@pytest.mark.parametrize("index", range(11))
def test_a_wrong_screen_is_found(legs: list[Leg], index: int) -> None:
    with pytest.raises(WrongReply, match="not as written"):
        Proof().check(legs[index], legs[index].reply[:-1])


def test_a_reference_that_comes_twice_is_found(legs: list[Leg]) -> None:
    proof = Proof()
    proof.check(legs[-1], last())
    with pytest.raises(WrongReply, match="twice"):
        proof.check(legs[-1], last())


@contextmanager
def answering(*pieces: bytes) -> Iterator[str]:
    """A server that answers one request of one connection with these pieces, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                for piece in pieces:
                    connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield "http://127.0.0.1:{}".format(*listening.getsockname()[1:])
        finally:
            thread.join()


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"], WrongReply),
        ([b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nyes"], WrongReply),
        ([b"HTTP/1.1 200 OK\r\n\r\nyes"], WrongReply),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyesyes"], WrongReply),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nye"], Silent),
        ([], Silent),
    ],
)
def test_the_client_takes_nothing_but_the_right_reply(
    legs: list[Leg], pieces: list[bytes], error: type[Exception]
) -> None:
    wanted = answered(legs[:1], "floor.example", "/ussd", b"yes")
    with (
        answering(*pieces) as url,
        Phones(url, wanted, callers(), Proof(), 1) as phones,
        pytest.raises(error),
    ):
        phones.run(0.0)


def test_the_client_puts_a_reply_together(legs: list[Leg]) -> None:
    wanted = answered(legs[:1], "floor.example", "/ussd", b"yes")
    pieces = b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 3\r\n\r\n", b"ye", b"s"
    with answering(*pieces) as url, Phones(url, wanted, callers(), Proof(), 1) as phones:
        assert phones.run(0.0).requests == 1


def test_percentiles() -> None:
    hundred = [float(value) for value in range(1, 101)]
    assert [percentile(hundred, share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert percentile([7.0], 0.99) == 7.0


def measured(rate: float, cpu_us: float, p99_ms: float, server_share: float = 0.99) -> Round:
    shares = {"server_share": server_share, "client_share": 0.2, "redis_share": 0.1}
    return Round(number=1, requests=1000, rate=rate, cpu_us=cpu_us, p50_ms=1.0, p99_ms=p99_ms, **shares)


def result(*pairs: Pair) -> Result:
    settings = Settings(
        server_cores=[1],
        other_cores=[0],
        session_octets=[100],
        floor_value=100,
        floor_screen=90,
        floor_rates={1: 900.0},
        floor_pool=1,
        http_share=0.5,
    )
    facts: dict[str, object] = {
        "time": "2026-01-15T06:30:00+00:00",
        "cpu": "A & B",
        "python": "3",
        "filesystem": "ext4",
    }
    return Result(plan=PLAN, machine=facts, settings=settings, rounds=list(pairs), complaints=80)


FLOOR = measured(1000, 200, 40)


@pytest.mark.parametrize(
    ("engine", "met"),
    [
        (measured(1200, 160, 40), [True, True, True]),
        (measured(1199, 160, 40), [False, True, True]),
        (measured(1200, 161, 40), [True, False, True]),
        (measured(1200, 160, 40.1), [True, True, False]),
    ],
)
def test_a_bound_is_met_or_missed(engine: Round, met: list[bool]) -> None:
    found = report.findings([Pair(engine, FLOOR)] * 9)
    assert [one.met for one in found] == met
    words = report.table(result(*[Pair(engine, FLOOR)] * 9), found)
    assert words.count("MISSED") == met.count(False)
    assert words.split("\n")[-1] == f"ratio {engine.rate / 1000:.3f}"
    assert "decide nothing" not in words


def test_the_middle_round_decides_and_the_spread_is_told() -> None:
    pairs = [Pair(measured(rate, 100, 30), FLOOR) for rate in (3000, 1500, 10)]
    found = report.findings(pairs)[0]
    assert (found.ratio, found.ratios.least, found.ratios.most) == (1.5, 0.01, 3.0)
    assert "3 rounds decide nothing" in report.table(result(*pairs), report.findings(pairs))


def led_to_a_heading(line: str) -> bool:
    """Whether a line leads to what the page has under such a heading."""
    page, anchor = line.removeprefix("what this does not show: ").split("#")
    headings = re.findall("^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    return anchor in {re.sub("[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_before_the_ratio_stands_where_to_read_what_it_does_not_show() -> None:
    pairs = [Pair(FLOOR, FLOOR)]
    assert led_to_a_heading(report.table(result(*pairs), report.findings(pairs)).split("\n")[-2])


@pytest.mark.parametrize(("p99_ms", "code"), [(crowd.MOST_MS, 0), (crowd.MOST_MS + 1, 1)])
def test_a_crowd_ends_with_where_to_read_what_it_does_not_show(
    p99_ms: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crowd, "rounds", lambda folder, times: iter([crowd.Round(1.0, p99_ms, p99_ms, 2.0)] * times))
    assert crowd.main(["--rounds", "3"]) == code
    *_, figures, last = capsys.readouterr().out.splitlines()
    assert f"p99 {p99_ms:.0f} ms in the middle" in figures
    assert led_to_a_heading(last)


@pytest.mark.parametrize(("dearer", "code"), [(1.3, 0), (1.31, 1)])
def test_the_costs_are_judged_by_the_median_of_their_rounds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dearer: float, code: int
) -> None:
    async def rounds(*given: object) -> list[dict[str, float]]:
        return [{PROVIDER: cost, "tigo": cost * dearer} for cost in (90.0, 100.0, 500.0)]

    monkeypatch.setattr(costs, "rounds", rounds)
    assert costs.main([]) == code
    *_, figures, last = capsys.readouterr().out.splitlines()
    assert f"costs {dearer:.2f} times africastalking" in figures
    assert led_to_a_heading(last)


@pytest.mark.redis
def test_a_step_over_every_channel_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if shutil.which("redis-server") is None and os.environ.get("CI") != "true":
        pytest.skip("no redis-server on this machine")
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    monkeypatch.setattr(costs, "CITIZENS", 1)
    before = os.sched_getaffinity(0)
    (found,) = asyncio.run(costs.rounds(tmp_path, 1))
    assert os.sched_getaffinity(0) == before
    assert set(found) == set(CHANNELS)


@pytest.mark.redis
def test_the_sizes_end_with_where_to_read_what_they_do_not_show(capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("redis-server") is None and os.environ.get("CI") != "true":
        pytest.skip("no redis-server on this machine")
    assert sizes.main(["--sessions", "1000"]) == 0
    assert led_to_a_heading(capsys.readouterr().out.splitlines()[-1])


def test_a_server_that_did_not_have_its_core_is_told() -> None:
    pairs = [Pair(FLOOR, FLOOR)] * 8 + [Pair(FLOOR, measured(1000, 200, 40, server_share=0.4))]
    assert "less than 90% of its core" in report.table(result(*pairs), report.findings(pairs))


def test_the_picture_has_every_round(tmp_path: Path) -> None:
    pairs = [Pair(FLOOR, FLOOR)] * 5
    file = report.write(result(*pairs), report.findings(pairs), tmp_path)
    root = ElementTree.parse(file.with_suffix(".svg")).getroot()
    assert len(root.findall(".//{*}circle")) == len(report.MEASURES) * 2 * 5


def test_without_redis_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("benchmarks.rounds.cores", lambda: ({0}, {0}))
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("bench: redis-server is not installed here")


def test_on_one_core_it_refuses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3})
    assert main([]) == 2
    assert "one core" in capsys.readouterr().err


@pytest.mark.redis
def test_a_tiny_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("redis-server") is None and os.environ.get("CI") != "true":
        pytest.skip("no redis-server on this machine")
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    monkeypatch.setattr("benchmarks.rounds.TRIAL_S", 0.2)
    monkeypatch.setattr("benchmarks.servers.QUIET_S", 0.05)
    before = os.sched_getaffinity(0)
    code = bench(PLAN, tmp_path)
    assert os.sched_getaffinity(0) == before
    said = capsys.readouterr().out.rstrip().split("\n")
    assert [line.split(":")[0] for line in said if line.startswith("round ")] == ["round 1", "round 2"]
    (file,) = tmp_path.glob("*.json")
    written = json.loads(file.read_text())
    assert re.fullmatch(r"ratio \d+\.\d{3}", said[-1])
    assert said[-1] == f"ratio {written['findings'][0]['ratio']:.3f}"
    assert code == (0 if all(one["met"] for one in written["findings"]) else 1)
    rounds = msgspec.convert(written["rounds"], list[Pair])
    for pair in rounds:
        assert min(pair.engine.requests, pair.floor.requests) >= len(written["settings"]["session_octets"]) == 12
        assert min(pair.engine.cpu_us, pair.floor.cpu_us, pair.engine.p99_ms, pair.floor.p99_ms) > 0
    assert written["complaints"] >= sum(pair.engine.requests for pair in rounds) / 12 - PLAN.dialogs
    assert ElementTree.parse(file.with_suffix(".svg")).getroot().tag.endswith("svg")
