# SPDX-License-Identifier: MIT
"""The client for asyncio, against a broker that does what it is told."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator

import pytest

import boxwood
from boxwood import AsyncClient, Caption, Detect, RetryPolicy
from support.fake_broker import FakeBroker, Message, answering, in_turn, refusing, silent
from support.samples import CAT, DOG, RESULT, png, result

ONE = {"caption": "cat", "entity": result(CAT)["entities"][0]}


def test_a_task_is_asked_and_its_result_read() -> None:
    async def main(endpoint: str) -> boxwood.Result:
        async with AsyncClient(endpoint) as client:
            return await client.detect(png(), ["cat", "dog"], threshold=0.5)

    with FakeBroker(answering(RESULT)) as broker:
        found = asyncio.run(main(broker.endpoint))
    assert broker.received[0].body == {"labels": ["cat", "dog"], "options": {"threshold": 0.5}}
    assert found.raw == RESULT


def test_many_calls_share_a_connection() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        broker.respond(message, {**RESULT, "caption": message.body["labels"][0]})

    async def main(endpoint: str) -> list[str]:
        async with AsyncClient(endpoint) as client:
            found = await asyncio.gather(*(client.detect(png(), [str(number)]) for number in range(50)))
            return [each.caption for each in found]

    with FakeBroker(script) as broker:
        assert asyncio.run(main(broker.endpoint)) == [str(number) for number in range(50)]
    assert len({message.peer for message in broker.received}) == 1


def test_it_tries_again_by_the_same_rules() -> None:
    async def main(endpoint: str) -> None:
        async with AsyncClient(endpoint, retry=RetryPolicy(first_pause=0.01)) as client:
            await client.caption(png())

    with FakeBroker(in_turn(refusing("UNAVAILABLE"), answering(RESULT))) as broker:
        asyncio.run(main(broker.endpoint))
    assert [message.header.get("previous_attempts", 0) for message in broker.received] == [0, 1]


def test_a_cancelled_task_cancels_its_call() -> None:
    async def main(broker: FakeBroker) -> None:
        async with AsyncClient(broker.endpoint) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.caption(png()), 0.2)
            await asyncio.to_thread(broker.wait_for, 1, "CANCEL")

    with FakeBroker(silent) as broker:
        asyncio.run(main(broker))


def test_a_deadline_is_an_error_of_its_own() -> None:
    async def main(endpoint: str) -> None:
        async with AsyncClient(endpoint) as client:
            with pytest.raises(boxwood.DeadlineExceeded):
                await client.caption(png(), timeout=0.1)

    with FakeBroker(silent) as broker:
        asyncio.run(main(broker.endpoint))


def test_closing_ends_what_is_open() -> None:
    async def main(broker: FakeBroker) -> None:
        client = AsyncClient(broker.endpoint)
        waiting = asyncio.ensure_future(client.caption(png()))
        await asyncio.to_thread(broker.wait_for, 1)
        await client.close()
        with pytest.raises(boxwood.Cancelled):
            await waiting
        with pytest.raises(boxwood.Cancelled, match="closed"):
            await client.caption(png())

    with FakeBroker(silent) as broker:
        asyncio.run(main(broker))


def test_an_event_loop_that_is_gone_is_not_missed() -> None:
    async def begin(client: AsyncClient) -> None:
        task = asyncio.ensure_future(client.caption(png()))
        await asyncio.sleep(0.05)
        task.cancel()

    async def main(client: AsyncClient) -> str:
        found = await client.caption(png())
        await client.close()
        return found.caption

    waiting: list[Message] = []

    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST":
            waiting.append(message)
        if message.kind == "CANCEL" or len(waiting) == 2:
            broker.respond(waiting[-1] if message.kind == "REQUEST" else waiting[0], RESULT)

    with FakeBroker(script) as broker:
        client = AsyncClient(broker.endpoint)
        asyncio.run(begin(client))
        assert asyncio.run(main(client)) == "cat, dog"


def test_it_can_be_pickled() -> None:
    async def main(client: AsyncClient) -> None:
        async with pickle.loads(pickle.dumps(client)) as other:
            await other.caption(png())

    with FakeBroker(answering(RESULT)) as broker:
        asyncio.run(main(AsyncClient(broker.endpoint)))


def test_a_stream_tells_all_whatever_was_left_out() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        broker.event(message, 0, ONE)
        broker.respond(message, result(CAT, DOG), events_left_out=1)

    async def main(endpoint: str) -> None:
        async with AsyncClient(endpoint) as client, client.stream(Detect(["cat", "dog"]), png()) as events:
            heard = [event async for event in events]
            whole = await events.result()
        assert "".join(event.caption for event in heard) == whole.caption == "cat, dog"
        assert tuple(event.entity for event in heard) == whole.entities

    with FakeBroker(script) as broker:
        asyncio.run(main(broker.endpoint))


def test_leaving_the_block_of_a_stream_cancels_it() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST":
            broker.event(message, 0, ONE)

    async def main(broker: FakeBroker) -> None:
        async with AsyncClient(broker.endpoint) as client:
            async with client.stream(Caption(), png()) as events:
                async for event in events:
                    assert event.caption == "cat"
                    break
            await asyncio.to_thread(broker.wait_for, 1, "CANCEL")
            with pytest.raises(boxwood.Cancelled):
                await events.result()

    with FakeBroker(script) as broker:
        asyncio.run(main(broker))


def test_a_service_that_is_not_ready_is_waited_for() -> None:
    def hopeful(broker: FakeBroker, message: Message) -> None:
        broker.event(message, 0, {"status": "SERVING"})

    async def main(endpoint: str) -> None:
        async with AsyncClient(endpoint) as client:
            await client.wait_until_ready(10)

    with FakeBroker(in_turn(refusing("UNAVAILABLE"), hopeful)) as broker:
        asyncio.run(main(broker.endpoint))


def test_map_takes_asynchronous_items() -> None:
    async def items() -> AsyncIterator[tuple[str, bytes]]:
        for number in range(10):
            await asyncio.sleep(0)
            yield (str(number), png() if number != 3 else b"")

    async def main(endpoint: str) -> list[boxwood.Outcome]:
        async with AsyncClient(endpoint) as client:
            return [outcome async for outcome in client.map(items(), Caption(), in_flight=4, ordered=True)]

    with FakeBroker(answering(RESULT)) as broker:
        outcomes = asyncio.run(main(broker.endpoint))
    assert [outcome.key for outcome in outcomes] == [str(number) for number in range(10)]
    assert [outcome.ok for outcome in outcomes].index(False) == 3
    assert sum(outcome.ok for outcome in outcomes) == 9


def test_leaving_a_map_cancels_what_is_open() -> None:
    def script(broker: FakeBroker, message: Message) -> None:
        if message.kind == "REQUEST" and len(broker.received) == 3:
            broker.respond(message, RESULT)

    async def main(broker: FakeBroker) -> None:
        async with AsyncClient(broker.endpoint) as client:
            outcomes = client.map([png()] * 4, Caption(), in_flight=3)
            async for outcome in outcomes:
                assert outcome.ok
                break
            await outcomes.aclose()  # type: ignore[attr-defined]
            await asyncio.to_thread(broker.wait_for, 2, "CANCEL")

    with FakeBroker(script) as broker:
        asyncio.run(main(broker))
