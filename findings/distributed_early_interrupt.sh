#!/usr/bin/env bash
# distributed 2026.8.0, tornado 6.6.1, Python 3.11.
#
# Guess: Ctrl-C in a synchronous call of a Client raises KeyboardInterrupt and cancels the call, whenever it comes. The
# code that cancels asks first whether there is something to cancel.
#
# What happens: if Ctrl-C comes before the loop's thread has begun the call, the question itself fails, as the name that
# it asks about has no value yet. Tornado logs a NameError with its traceback. The call is not cancelled: it begins after
# KeyboardInterrupt was raised, and runs to its end.
#
#   Ctrl-C while the call runs:      KeyboardInterrupt, nothing logged, the call is cancelled
#   Ctrl-C before the call begins:   KeyboardInterrupt, NameError logged, the call runs to its end
#
# A call begins late where the loop is busy: with a large message, or on a machine with more processes than cores.
#
# Why it matters: programs say in one line that they were interrupted, and a traceback stands above it. What the user
# wanted to stop, such as tasks that are submitted or a set that is published, happens all the same.
# What to do: silence the logger `tornado.application`, and after an interrupt ask the scheduler what it has.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q distributed==2026.8.0 dask==2026.8.0 tornado==6.6.1

cat > "$work/find.py" <<'PYTHON'
import asyncio
import logging
import os
import signal
import sys
import threading
import time

from distributed import Client


class Kept(logging.Handler):
    """Keeps the type of each error that is logged."""

    def __init__(self):
        super().__init__()
        self.errors = []

    def emit(self, record):
        self.errors.append(record.exc_info[0].__name__ if record.exc_info else record.getMessage())


def interrupted(client, busy):
    """What was raised and logged by Ctrl-C after .5 s of a call, and whether the call ended its work."""
    kept, ended = Kept(), threading.Event()
    logging.getLogger("tornado.application").addHandler(kept)

    async def work():
        await asyncio.sleep(1.5)
        ended.set()

    if busy:
        client.loop.add_callback(time.sleep, 1.0)
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        client.sync(work)
        raised = None
    except KeyboardInterrupt:
        raised = "KeyboardInterrupt"
    finished = ended.wait(5.0)
    logging.getLogger("tornado.application").removeHandler(kept)
    return raised, kept.errors, finished


if __name__ == "__main__":
    logging.getLogger("tornado.application").propagate = False
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        running, early = interrupted(client, busy=False), interrupted(client, busy=True)
    print(running, early)
    if running != ("KeyboardInterrupt", [], False) or early != ("KeyboardInterrupt", ["NameError"], True):
        sys.exit("Changed: see the opening comment.")
    print("As stated: a call that Ctrl-C meets before it has begun is not cancelled, and a NameError is logged.")
PYTHON

"$work/venv/bin/python" "$work/find.py"
