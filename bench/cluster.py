"""Runs tiny tasks on a cluster of ipyparallel whose controller times its task database.

    python -c … DIRECTORY DATABASE SETTINGS

DATABASE is a class of timed.py, which is in the directory, and SETTINGS are lines of the
controller's configuration. The answer to a request, one a line, is JSON:

    {"tasks": N}    runs N tasks, waits until the hub has stored their results,
                    and asks what is not completed

It has the seconds that the tasks took from end to end, and what the database's methods
took of it, on the clock and of the controller's processor time: {"clock": SECONDS,
"methods": {NAME: {"seconds": SECONDS, "processor": SECONDS}}}. The first answer, before
any request, has only the versions.
"""

import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import time

import ipyparallel as ipp
import pymongo

directory, database, settings = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
profile, totals = directory / "profile", directory / "totals.json"
ADDRESS = profile / "security" / "ipcontroller-client.json"
ENGINES = 2
TIMEOUT = 120

processes = []


def configure():
    for part in ("security", "log", "pid"):
        (profile / part).mkdir(parents=True)
    config = f"c = get_config()\nc.IPController.db_class = 'timed.{database}'\n{settings}\n"
    (profile / "ipcontroller_config.py").write_text(config)
    os.environ.update(IPYTHONDIR=str(directory), PYTHONPATH=str(directory), TIMED_TOTALS=str(totals))


def start(module, *arguments):
    """Starts a program of ipyparallel on the profile."""
    command = [sys.executable, "-m", f"ipyparallel.{module}", f"--profile-dir={profile}", *arguments]
    with open(directory / f"{module}-{len(processes)}.log", "w") as log:
        processes.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True))


def stop():
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # a controller has processes of its own
            process.wait()


def until(what, condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {TIMEOUT} s; see {directory}")
        time.sleep(0.01)


def answer(**values):
    print(json.dumps(values), flush=True)


def same(x):
    return x


class Hub:
    """The controller, as a client sees it."""

    def __init__(self):
        self.client = ipp.Client(str(ADDRESS), timeout=TIMEOUT)
        until("the engines are there", lambda: len(self.client.ids) == ENGINES)
        self.view = self.client.load_balanced_view()
        self.ran = 0
        self.before = {}

    def has_results(self):
        status = self.client.queue_status()
        return sum(status[engine]["completed"] for engine in self.client.ids) == self.ran

    def run(self, tasks):
        """Runs tasks, and returns the seconds until the hub had stored their results."""
        start = time.perf_counter()
        results = self.view.map_async(same, range(tasks), chunksize=1)
        assert list(results.get(TIMEOUT)) == list(range(tasks))
        self.ran += tasks
        until("the hub has the results", self.has_results)
        return time.perf_counter() - start

    def methods(self):
        """What the database's methods took since they were asked for last."""
        assert self.client.db_query({"completed": None}, ["msg_id"]) == []
        now = json.loads(totals.read_text())
        none = {"seconds": 0, "processor": 0}
        spent = {name: {unit: t[unit] - self.before.get(name, none)[unit] for unit in t} for name, t in now.items()}
        self.before = now
        return spent


try:
    configure()
    start("controller", "--ip=127.0.0.1")
    until("the controller is up", lambda: ADDRESS.exists() and ADDRESS.stat().st_size > 0)
    for _ in range(ENGINES):
        start("engine")
    hub = Hub()
    answer(versions=f"ipyparallel {ipp.__version__}, pymongo {pymongo.version}, Python {platform.python_version()}")
    for line in sys.stdin:
        clock = hub.run(json.loads(line)["tasks"])
        answer(clock=clock, methods=hub.methods())
    assert len(hub.client.hub_history()) == hub.ran
finally:
    stop()
