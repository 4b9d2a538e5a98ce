"""The issuer's keys: rotation, an issuer that does not answer, and how often it is asked (RFC 7517 §5)."""

import asyncio

import pytest
from issuer import RESOURCE, URL, Issuer, new_key

from authwright import AuthError, Resource


def server(issuer: Issuer) -> Resource:
    return Resource(RESOURCE, URL, transport=issuer, now=lambda: issuer.now)


async def refused(resource: Resource, token: str) -> str:
    with pytest.raises(AuthError) as caught:
        await resource.verify(token)
    return caught.value.code


async def test_many_requests_cause_one_reading() -> None:
    issuer = Issuer()
    resource, token = server(issuer), issuer.token()
    tokens = await asyncio.gather(*(resource.verify(token) for _ in range(50)))
    assert {token.subject for token in tokens} == {"per_ada"}
    assert issuer.asked("/jwks") == 1


async def test_a_request_that_is_given_up_takes_no_others_with_it() -> None:
    issuer = Issuer()
    resource, token = server(issuer), issuer.token()
    given_up = asyncio.create_task(resource.verify(token))
    other = asyncio.create_task(resource.verify(token))
    await asyncio.sleep(0)
    given_up.cancel()
    assert (await other).subject == "per_ada"


async def test_an_issuer_that_does_not_answer_lets_nobody_in() -> None:
    issuer = Issuer()
    resource, token = server(issuer), issuer.token()
    issuer.down = True
    assert await refused(resource, token) == "temporarily_unavailable"
    asked = len(issuer.requests)
    assert await refused(resource, token) == "temporarily_unavailable"
    assert len(issuer.requests) == asked, "it is asked again at once"
    issuer.down = False
    issuer.now += 2
    assert (await resource.verify(token)).subject == "per_ada"


async def test_known_keys_serve_for_an_hour_while_the_issuer_is_down() -> None:
    issuer = Issuer()
    resource = server(issuer)
    known = issuer.token(exp=int(issuer.now) + 7200)
    await resource.verify(known)
    issuer.down = True
    issuer.now += 3599
    fresh = issuer.token()
    assert (await resource.verify(fresh)).subject == "per_ada"
    issuer.now += 1
    assert await refused(resource, known) == "temporarily_unavailable"
    assert await refused(resource, fresh) == "temporarily_unavailable"


async def test_a_new_key_is_found_and_then_not_looked_for_again_for_half_a_minute() -> None:
    issuer = Issuer()
    resource = server(issuer)
    await resource.verify(issuer.token())
    issuer.now += 30
    issuer.keys.append(new_key("two"))
    assert (await resource.verify(issuer.token())).subject == "per_ada"
    asked = issuer.asked("/jwks")
    stranger = Issuer()
    stranger.keys = [new_key("three")]
    stranger.now = issuer.now
    for _ in range(10):
        assert await refused(resource, stranger.token()) == "invalid_token"
    assert issuer.asked("/jwks") == asked


async def test_a_key_that_is_taken_back_ends_the_tokens_it_proved() -> None:
    issuer = Issuer()
    resource = server(issuer)
    old = issuer.token()
    await resource.verify(old)
    issuer.keys = [new_key("two")]
    issuer.now += 30
    await resource.verify(issuer.token())  # the new key is looked for, and the old one is seen to be gone
    assert await refused(resource, old) == "invalid_token"


async def test_another_key_under_the_same_name_ends_the_tokens_of_the_first() -> None:
    issuer = Issuer()
    resource = server(issuer)
    old = issuer.token()
    await resource.verify(old)
    issuer.keys = [new_key("one")]
    issuer.now += 300
    await resource.verify(old)  # has the keys read again
    for _ in range(100):
        await asyncio.sleep(0)
    assert await refused(resource, old) == "invalid_token"


async def test_a_token_is_good_until_half_a_minute_after_it_expired() -> None:
    issuer = Issuer()
    resource, token = server(issuer), issuer.token()
    await resource.verify(token)
    issuer.now += 630
    await resource.verify(token)
    issuer.now += 1
    assert await refused(resource, token) == "invalid_token"


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authwright.verify.MAX_KNOWN", 4)
    issuer = Issuer()
    resource = server(issuer)
    for n in range(9):
        await resource.verify(issuer.token(jti=str(n)))
    assert len(resource._verifier._known) == 4
