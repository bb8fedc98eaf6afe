"""Finding the node: by Sentinel, and by the slots of a cluster."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from redis.crc import key_slot

from sessions import StoreUnavailable
from sessions.nodes import parse_hosts
from sessions.redis import RedisSessions
from ussd_engine.testing.sessions_contract import new_key, new_session
from ussd_engine.testing.wire import Answers, Proxy, listening

Opened = Callable[..., RedisSessions]
TTL_S = 60
ALL_SLOTS = 16384


def resp(value: object) -> bytes:
    """`value` in the protocol of Redis."""
    if isinstance(value, list):
        return b"*%d\r\n%s" % (len(value), b"".join(map(resp, value)))
    if isinstance(value, int):
        return b":%d\r\n" % value
    octets = str(value).encode()
    return b"$%d\r\n%s\r\n" % (len(octets), octets)


def masters(port: int) -> bytes:
    """What Sentinel says of one master, `feedback`, on loopback."""
    state = ["name", "feedback", "ip", "127.0.0.1", "port", str(port), "flags", "master", "num-other-sentinels", "0"]
    return resp([state])


@pytest.fixture
async def proxies(fake_redis: tuple[str, int]) -> AsyncIterator[list[Proxy]]:
    """Two ways to the same server, so that they look like a master and the one that took over."""
    first, second = Proxy(*fake_redis), Proxy(*fake_redis)
    async with listening(first), listening(second):
        yield [first, second]


class Sentinels:
    """Names `master` as the one that takes writes."""

    def __init__(self, master: int) -> None:
        self.master = master

    def __call__(self, command: list[bytes]) -> bytes:
        return masters(self.master) if command[0] == b"SENTINEL" else b"+OK\r\n"


async def test_sentinel_names_the_master_also_after_a_failover(opened: Opened, proxies: list[Proxy]) -> None:
    old, new = proxies
    told, key = Sentinels(old.port), new_key()
    async with listening(Answers(lambda command: b"")) as dead:
        pass
    async with listening(Answers(told)) as port:
        url = f"redis+sentinel://127.0.0.1:{dead},127.0.0.1:{port}/feedback/0"
        store = opened(url)
        version = await store.commit(key, new_session(), None, TTL_S)
        assert (old.connections, new.connections) == (1, 0)
        told.master = new.port
        old.spoil(0, always=True)
        assert await store.commit(key, new_session("end"), version, TTL_S)
        assert new.connections == 1
        found = await store.load(key)
        assert found is not None
        assert found.session.screen == "end"


async def test_a_master_that_sentinel_does_not_know_is_unavailable(opened: Opened) -> None:
    async with listening(Answers(Sentinels(1))) as port:
        store = opened(f"redis+sentinel://127.0.0.1:{port}/another")
        with pytest.raises(StoreUnavailable):
            await store.load(new_key())


class ClusterNode:
    """A node of a cluster: tells the map, and of the keys that are not its own where they are."""

    def __init__(self) -> None:
        self.slots: list[tuple[int, int, int]] = []
        """First slot, last slot, port of its node: the map that this node tells."""
        self.moved: int | None = None
        self.moving: int | None = None
        self.values: dict[bytes, bytes] = {}
        self.asking = False

    def __call__(self, command: list[bytes]) -> bytes:
        if command[0] == b"CLUSTER":
            return resp([[first, last, ["127.0.0.1", port, "id"]] for first, last, port in self.slots])
        if command[0] in (b"CLIENT", b"ASKING"):
            self.asking = command[0] == b"ASKING"
            return b"+OK\r\n"
        if command[0] in (b"SCRIPT", b"PING", b"INFO"):
            return resp("maxmemory_policy:noeviction")
        return self._of_a_key(command)

    def _of_a_key(self, command: list[bytes]) -> bytes:
        key = command[1] if command[0] == b"GET" else command[3]
        asking, self.asking = self.asking, False
        for kind, port in ((b"MOVED", self.moved), (b"ASK", None if asking else self.moving)):
            if port:
                return b"-%s %d 127.0.0.1:%d\r\n" % (kind, key_slot(key), port)
        if command[0] == b"GET":
            value = self.values.get(key)
            return b"$%d\r\n%s\r\n" % (len(value), value) if value else b"$-1\r\n"
        standing = self.values.get(key, b"")[3:15]
        if standing == command[4]:
            self.values[key] = command[5]
            standing = command[5][3:15]
        return b"$%d\r\n%s\r\n" % (len(standing), standing)


@pytest.fixture
async def cluster() -> AsyncIterator[tuple[list[ClusterNode], list[Answers]]]:
    nodes = [ClusterNode(), ClusterNode()]
    servers = [Answers(node) for node in nodes]
    async with listening(servers[0]) as low, listening(servers[1]) as high:
        for node in nodes:
            node.slots = [(0, ALL_SLOTS // 2 - 1, low), (ALL_SLOTS // 2, ALL_SLOTS - 1, high)]
        yield nodes, servers


Cluster = tuple[list[ClusterNode], list[Answers]]


async def test_a_key_goes_to_the_node_of_its_slot(opened: Opened, cluster: Cluster) -> None:
    nodes, servers = cluster
    store = opened(f"redis+cluster://127.0.0.1:{servers[0].port}")
    for key in (new_key() for _ in range(20)):
        version = await store.commit(key, new_session(), None, TTL_S)
        assert version
        assert key in nodes[key_slot(key) >= ALL_SLOTS // 2].values
        found = await store.load(key)
        assert found is not None
        assert found.version == version
    await store.ping()
    assert await store.check() == []


async def test_a_slot_that_moved_is_looked_up_again(opened: Opened, cluster: Cluster) -> None:
    nodes, servers = cluster
    store = opened(f"redis+cluster://127.0.0.1:{servers[0].port}")
    await store.ping()
    nodes[0].moved = servers[1].port
    for node in nodes:
        node.slots = [(0, ALL_SLOTS - 1, servers[1].port)]
    keys = [new_key() for _ in range(10)]
    for key in keys:
        assert await store.commit(key, new_session(), None, TTL_S)
    assert nodes[1].values.keys() == set(keys)


async def test_a_slot_that_is_moving_is_asked_for_where_it_goes(opened: Opened, cluster: Cluster) -> None:
    nodes, servers = cluster
    store = opened(f"redis+cluster://127.0.0.1:{servers[0].port}")
    nodes[0].moving = servers[1].port
    for key in (new_key() for _ in range(10)):
        assert await store.commit(key, new_session(), None, TTL_S)
        assert await store.load(key)
    assert not nodes[0].values


async def test_a_cluster_whose_slots_never_settle_is_unavailable(opened: Opened, cluster: Cluster) -> None:
    nodes, servers = cluster
    store = opened(f"redis+cluster://127.0.0.1:{servers[0].port}")
    for node in nodes:
        node.moved = servers[0].port
    with pytest.raises(StoreUnavailable):
        await store.load(new_key())


async def test_a_cluster_that_is_not_there_is_unavailable(opened: Opened) -> None:
    async with listening(Answers(lambda command: b"")) as port:
        pass
    store = opened(f"redis+cluster://127.0.0.1:{port}")
    with pytest.raises(StoreUnavailable):
        await store.load(new_key())


async def test_the_sentinels_have_credentials_of_their_own(opened: Opened) -> None:
    sentinel, redis = Answers(Sentinels(0)), Answers(lambda command: b"+OK\r\n")
    async with listening(sentinel) as asked, listening(redis) as port:
        sentinel.answer = Sentinels(port)
        url = f"redis+sentinel://:theirs@127.0.0.1:{asked}/feedback?sentinel_password=its"
        await opened(url).ping()
    assert [b"AUTH", b"its"] in sentinel.asked
    assert [b"AUTH", b"theirs"] in redis.asked


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
    path = tmp_path / "redis.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM) + plain)
    return path


async def test_rediss_speaks_tls_and_trusts_no_stranger(
    opened: Opened, fake_redis: tuple[str, int], certificate: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with listening(Proxy(*fake_redis), tls) as port:
        await opened(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}").ping()
        with pytest.raises(StoreUnavailable):
            await opened(f"rediss://127.0.0.1:{port}/0").ping()


def test_a_url_of_several_hosts_is_taken_apart() -> None:
    address = parse_hosts("redis+sentinel://me:p%40ss@a:1,b,[::1]:3/feedback/2?ssl=true&client_name=x", 26379)
    assert address.hosts == [("a", 1), ("b", 26379), ("::1", 3)]
    assert address.path == ["feedback", "2"]
    assert address.options == {"username": "me", "password": "p@ss", "ssl": True, "client_name": "x"}
