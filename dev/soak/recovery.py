# SPDX-License-Identifier: MIT
"""How long until the work of a killed and of a stopped worker runs elsewhere, on a service that is not busy."""

import argparse
import asyncio
import os
import sys
import tempfile
import time

from plan import Fault
from service import Service
from soak import strike
from tally import Numbers

# By the defaults: a beat a second, two missed ones are too many, and a dead connection is met by the broker's next beat.
PROMISES = {"worker-kill": 1.0, "worker-stop": 2.0}
# Between two faults: the worker that was hit is back, and what it did is done again.
GAP = 6.0


def arguments():
    parser = argparse.ArgumentParser(prog="dev/recovery.sh", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="kills, and as many stops")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bin", default=".build/release")
    return parser.parse_args()


async def measure(options, folder):
    programs = {"boxwood": os.path.join(options.bin, "boxwood"), "peers": os.path.join(options.bin, "FaultPeers")}
    # Long calls, and no more than workers: each worker has something to lose, and room for another's.
    service = Service(programs, folder, options.seed, 4, 100, 0, lanes=2, longest=3000, links=False)
    plan = []
    for index in range(2 * options.rounds):
        kind = "worker-kill" if index % 2 == 0 else "worker-stop"
        plan.append(Fault(4 + GAP * index, kind, f"w{index % 4 + 1}", 4.0 if kind == "worker-stop" else 0))
    try:
        await service.start()
        done = await strike(service, plan, time.monotonic())
        await service.finish_load()
        await service.stop()
        numbers = Numbers(service)
        return numbers.recoveries([(at, fault.kind, fault.target) for at, fault in done]), numbers.call_counts()
    finally:
        await service.stop()
        service.close()


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="boxwood-recovery-") as folder:
        found, calls = asyncio.run(measure(options, folder))
    failed = bool(calls["lost"] or calls["duplicate"] or calls["wrong"])
    print(f"{'fault':12} {'cases':>6} {'median s':>9} {'p99 s':>7} {'most s':>7}  promise")
    for kind, promise in PROMISES.items():
        row = found.get(kind, {})
        if not row:
            print(f"{kind:12} none")
            failed = True
            continue
        failed = failed or row["most"] > promise
        print(f"{kind:12} {row['count']:6} {row['median']:9} {row['p99']:7} {row['most']:7}  {promise} s")
    print(f"calls: {calls['asked']} asked, {calls['unique']} answered, {calls['duplicate']} twice, {len(calls['lost'])} lost")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
