"""The issuer's word about tokens (RFC 7662): how long it holds, and who asks."""

import asyncio

import pytest
from issuer import RESOURCE, URL, Issuer

from authwright import AuthError, ConfigurationError, Introspection, Resource

ASK = Introspection("resource", "secret")


def server(issuer: Issuer) -> Resource:
    return Resource(RESOURCE, URL, introspection=ASK, transport=issuer, now=lambda: issuer.now)


async def refused(resource: Resource, token: str) -> str:
    with pytest.raises(AuthError) as caught:
        await resource.verify(token)
    return caught.value.code


async def test_a_revoked_token_dies_within_ten_seconds() -> None:
    issuer = Issuer()
    resource, token = server(issuer), issuer.token()
    await resource.verify(token)
    issuer.revoked.add(token)
    issuer.now += 9
    await resource.verify(token)
    issuer.now += 1
    assert await refused(resource, token) == "invalid_token"


async def test_a_token_that_was_revoked_stays_so() -> None:
    issuer = Issuer()
    resource, token = server(issuer), issuer.token()
    issuer.revoked.add(token)
    assert await refused(resource, token) == "invalid_token"
    issuer.revoked.clear()
    issuer.now += 60
    assert await refused(resource, token) == "invalid_token"


async def test_an_issuer_that_does_not_answer_lets_nobody_in() -> None:
    issuer = Issuer()
    resource, token = server(issuer), issuer.token()
    await resource.verify(token)
    issuer.down = True
    issuer.now += 10
    assert await refused(resource, token) == "temporarily_unavailable"
    issuer.down = False
    assert (await resource.verify(token)).subject == "per_ada"


async def test_of_many_requests_one_asks() -> None:
    issuer = Issuer()
    resource, token = server(issuer), issuer.token()
    await asyncio.gather(*(resource.verify(token) for _ in range(50)))
    assert issuer.asked("/introspect") == 1
    issuer.now += 10
    await asyncio.gather(*(resource.verify(token) for _ in range(50)))
    assert issuer.asked("/introspect") == 2


def test_its_settings_are_checked_and_its_secret_is_not_shown() -> None:
    for wrong in (
        Introspection("", "s"),
        Introspection("a", ""),
        Introspection("a", "s", every=31),
        Introspection("a", "s", every=0),
        Introspection("a", "s", endpoint="http://issuer.example/"),
    ):
        with pytest.raises(ConfigurationError):
            Resource(RESOURCE, URL, introspection=wrong)
    assert "secret" not in repr(ASK)
