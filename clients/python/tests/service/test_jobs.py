# SPDX-License-Identifier: MIT
"""Durable jobs of a service with a journal."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta, timezone

import pytest

import boxwood
from boxwood import AsyncClient, Caption, Client, Detect, JobState, Options
from support.samples import SCENE
from support.service import Service

pytestmark = pytest.mark.service

LONG = Detect([f"thing number {number}" for number in range(1000)], Options(threshold=0.0))


def unique() -> str:
    return os.urandom(8).hex()


def test_a_job_is_done_and_kept(client: Client) -> None:
    before = datetime.now(timezone.utc) - timedelta(seconds=5)
    job = client.jobs.submit(
        Detect(["penguin"]), SCENE, custom_id="photo 17", client="tests", metadata={"a": "b"}, time_to_live=600
    )
    assert not job.is_settled or job.state is JobState.SUCCEEDED
    done = client.jobs.wait(job, timeout=30)
    assert (done.state, done.id, done.error) == (JobState.SUCCEEDED, job.id, None)
    assert done.unwrap().entities == client.detect(SCENE, ["penguin"]).entities
    assert (done.custom_id, done.client, dict(done.metadata)) == ("photo 17", "tests", {"a": "b"})
    assert done.method == "/boxwood.v1.Grounding/Detect"
    assert before < done.submitted < done.deadline == done.submitted + timedelta(seconds=600)
    assert done.settled is not None
    assert client.jobs.get(job.id) == done


def test_one_key_is_one_job(client: Client) -> None:
    key = unique()
    first, second = (client.jobs.submit(Caption(), SCENE, key=key) for _ in range(2))
    assert first.id == second.id
    with pytest.raises(boxwood.FailedPrecondition) as caught:
        client.jobs.submit(Caption(detailed=True), SCENE, key=key)
    assert caught.value.reason == "KEY_REUSED"
    assert client.jobs.submit(Caption(), SCENE).id != client.jobs.submit(Caption(), SCENE).id


def test_a_job_that_fails_says_why(client: Client) -> None:
    # What can be seen of a request is seen when it is handed over; that a picture is none shows only in the work.
    job = client.jobs.wait(client.jobs.submit(Caption(), b"not a picture"), timeout=30)
    assert job.state is JobState.FAILED
    with pytest.raises(boxwood.InvalidArgument):
        job.unwrap()


def test_a_job_can_be_cancelled(client: Client) -> None:
    job = client.jobs.submit(LONG, SCENE)
    cancelled = client.jobs.cancel(job)
    assert cancelled.state is JobState.CANCELLED
    with pytest.raises(boxwood.Cancelled):
        client.jobs.wait(job, timeout=30).unwrap()


def test_waiting_has_an_end(client: Client) -> None:
    job = client.jobs.submit(LONG, SCENE)
    with pytest.raises(boxwood.DeadlineExceeded):
        client.jobs.wait(job, timeout=0.3)
    with pytest.raises(ValueError, match="its result is not here"):
        client.jobs.get(job).unwrap()
    client.jobs.cancel(job)


def test_jobs_are_listed_page_by_page(client: Client) -> None:
    name = unique()
    jobs = [client.jobs.submit(Caption(), SCENE, client=name, custom_id=f"{name}-{number}") for number in range(5)]
    listed = list(client.jobs.list(client=name, page_size=2))
    assert [job.id for job in listed] == [job.id for job in jobs]
    assert [job.id for job in client.jobs.list(custom_id_prefix=f"{name}-3")] == [jobs[3].id]
    for job in jobs:
        client.jobs.wait(job, timeout=30)
    assert len(list(client.jobs.list(client=name, states=[JobState.SUCCEEDED]))) == 5
    assert list(client.jobs.list(client=name, states=[JobState.FAILED, JobState.QUARANTINED])) == []
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    assert list(client.jobs.list(client=name, since=tomorrow)) == []
    assert len(list(client.jobs.list(client=name, before=tomorrow))) == 5


def test_a_job_that_nobody_knows_is_not_found(client: Client) -> None:
    with pytest.raises(boxwood.NotFound) as caught:
        client.jobs.get("job-0-nothing")
    assert caught.value.reason == "NO_JOB"


def test_what_no_job_can_be_told_is_refused(client: Client) -> None:
    with pytest.raises(TypeError, match="custom_key"):
        client.jobs.submit(Caption(), SCENE, custom_key="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="state"):
        list(client.jobs.list(state=JobState.FAILED))  # type: ignore[call-arg]


def test_asyncio_does_it_as_well(service: Service) -> None:
    async def main() -> None:
        async with AsyncClient(service.endpoint) as client:
            name = unique()
            job = await client.jobs.submit(Caption(), SCENE, client=name)
            done = await client.jobs.wait(job, timeout=30)
            assert done.unwrap().caption
            assert (await client.jobs.get(job)).id == job.id
            assert (await client.jobs.cancel(job)).state is JobState.SUCCEEDED
            assert [each.id async for each in client.jobs.list(client=name)] == [job.id]
            with pytest.raises(boxwood.DeadlineExceeded):
                await client.jobs.wait(await client.jobs.submit(LONG, SCENE), timeout=0.2)

    asyncio.run(main())
