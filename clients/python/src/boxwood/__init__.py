# SPDX-License-Identifier: MIT
"""Text in, boxes out: the client of Boxwood, a KOSMOS-2 grounding service.

import boxwood

with boxwood.Client() as client:
    for found in client.detect("photo.jpg", ["cat", "dog"]):
        print(found.label, found.score, found.box.xyxy)
"""

from .aio import AsyncClient, AsyncEntityStream, AsyncJobs, AsyncStream
from .bulk import Item
from .client import Client, Jobs
from .errors import (
    Aborted,
    AlreadyExists,
    BoxwoodError,
    Cancelled,
    DataLoss,
    DeadlineExceeded,
    FailedPrecondition,
    InternalError,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    UnknownError,
)
from .flow import Outcome
from .jobs import Job, JobState
from .keys import Key
from .progress import Progress
from .results import Box, Detection, Entity, EntityEvent, Result
from .retry import RetryPolicy
from .service import Health, ServiceStatus, Worker
from .status import Code, Details, Status, Violation
from .tasks import Align, Ask, Caption, Describe, Detect, Generate, Ground, Options, Refer, Task
from .waiting import EntityStream, Pending, Stream

__version__ = "0.1.0"

__all__ = [
    "Aborted",
    "Align",
    "AlreadyExists",
    "Ask",
    "AsyncClient",
    "AsyncEntityStream",
    "AsyncJobs",
    "AsyncStream",
    "Box",
    "BoxwoodError",
    "Cancelled",
    "Caption",
    "Client",
    "Code",
    "DataLoss",
    "DeadlineExceeded",
    "Describe",
    "Details",
    "Detect",
    "Detection",
    "Entity",
    "EntityEvent",
    "EntityStream",
    "FailedPrecondition",
    "Generate",
    "Ground",
    "Health",
    "InternalError",
    "InvalidArgument",
    "Item",
    "Job",
    "JobState",
    "Jobs",
    "Key",
    "NotFound",
    "Options",
    "OutOfRange",
    "Outcome",
    "Pending",
    "PermissionDenied",
    "Progress",
    "Refer",
    "ResourceExhausted",
    "Result",
    "RetryPolicy",
    "ServiceStatus",
    "Status",
    "Stream",
    "Task",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "UnknownError",
    "Violation",
    "Worker",
]
