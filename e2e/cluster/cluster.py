"""A cluster of ipyparallel, of version 7.1 or 9.2, whose controller keeps its tasks in
MongoDB, as it believes: two engines, two clients, and a controller that is restarted.

    python cluster.py mongodb://127.0.0.1:27017/ DIRECTORY
"""

import datetime
import os
import pathlib
import subprocess
import sys
import time

import ipyparallel as ipp

url, directory = sys.argv[1], pathlib.Path(sys.argv[2])
profile = directory / "profile"
(profile / "security").mkdir(parents=True)
(profile / "log").mkdir()
(profile / "pid").mkdir()
(profile / "ipcontroller_config.py").write_text(
    f"""
c = get_config()
c.IPController.db_class = "ipyparallel.controller.mongodb.MongoDB"
c.MongoDB.connection_args = [{url!r}]
c.MongoDB.connection_kwargs = {{"tz_aware": True}}
"""
)
os.environ["IPYTHONDIR"] = str(directory)
ADDRESS = profile / "security" / "ipcontroller-client.json"
TIMEOUT = 120

processes = []


def start(module):
    """Starts a program of ipyparallel on the profile."""
    command = [sys.executable, "-m", f"ipyparallel.{module}", f"--profile-dir={profile}"]
    if module == "controller":
        command.append("--ip=127.0.0.1")
    with open(directory / f"{module}-{len(processes)}.log", "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    processes.append(process)
    return process


def stop(process):
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until(what, condition):
    """Waits for a condition, which may fail until then."""
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            if condition():
                return
            problem = "not yet"
        except Exception as error:
            problem = repr(error)
        if time.monotonic() > end:
            raise AssertionError(f"{what}: {problem}")
        time.sleep(0.05)


def start_controller():
    ADDRESS.unlink(missing_ok=True)
    controller = start("controller")

    def up():
        assert controller.poll() is None, "the controller has ended"
        return ADDRESS.exists() and ADDRESS.stat().st_size > 0

    until("the controller is up", up)
    return controller


def connect():
    return ipp.Client(str(ADDRESS), timeout=TIMEOUT)


def work(x):
    import sys

    print("working on", x)
    sys.stdout.flush()
    return x * x


def fail(x):
    raise ValueError(f"no {x}")


def values(result):
    """Waits for the results of a map, which come as lists where they are not its own."""
    return [value[0] if isinstance(value, list) else value for value in result.get(TIMEOUT)]


def stored(client, query, keys=None):
    return {record["msg_id"]: record for record in client.db_query(query, keys)}


try:
    controller = start_controller()
    engines = [start("engine"), start("engine")]
    first = connect()
    until("two engines are there", lambda: len(first.ids) == 2)

    # tasks run, balanced and on every engine
    hour_ago = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    results = first.load_balanced_view().map_async(work, range(20), chunksize=1)
    assert list(results.get(TIMEOUT)) == [x * x for x in range(20)]
    direct = first[:].apply_async(work, 7)
    assert direct.get(TIMEOUT) == [49, 49]
    failed = first.load_balanced_view().apply_async(fail, 3)
    try:
        failed.get(TIMEOUT)
        raise AssertionError("it did not fail")
    except ipp.RemoteError as error:
        assert error.ename == "ValueError", error
    code = first[0].execute("print('hello')", silent=False)
    code.get(TIMEOUT)

    ids = set(results.msg_ids) | set(direct.msg_ids) | set(failed.msg_ids) | set(code.msg_ids)

    # another client has the results of tasks that it did not submit, when the hub has
    # heard of them, which is later than their client
    second = connect()
    done = {"msg_id": {"$in": list(ids)}, "completed": {"$ne": None}}
    until("the hub has the results", lambda: ids == set(stored(second, done, ["msg_id"])))
    assert values(second.get_result(results.msg_ids, owner=False)) == [x * x for x in range(20)]
    until("all output is stored", lambda: "hello" in stored(second, {"msg_id": code.msg_ids[0]})[code.msg_ids[0]]["stdout"])

    # the four queries of IPython's documentation
    assert not ids & set(stored(second, {"completed": None}, ["msg_id", "started"]))
    recent = stored(second, {"submitted": {"$gt": hour_ago}, "client_uuid": {"$ne": second.session.session}})
    assert ids <= set(recent), ids - set(recent)
    engine = second._engines[second.ids[0]]
    on_engine = stored(second, {"engine_uuid": {"$in": [engine]}}, ["result_header"])
    assert 0 < len(on_engine) < len(ids), on_engine.keys()
    before = stored(second, {"started": {"$lt": hour_ago}, "client_uuid": {"$ne": "nobody"}}, ["msg_id"])
    assert not before
    if ipp.version_info >= (8,):  # before, its MongoDB backend handed $glob on to MongoDB
        glob = results.msg_ids[0][:-2] + "*"
        assert results.msg_ids[0] in stored(second, {"msg_id": {"$glob": glob}}, ["msg_id"])
    history = second.hub_history()
    assert ids <= set(history)

    # resubmit, by a client that did not submit
    again = second.resubmit([results.msg_ids[3]])
    assert again.get(TIMEOUT)[0] in (9, [9]), again.get(TIMEOUT)
    record = stored(second, {"msg_id": results.msg_ids[3]}, ["resubmitted"])[results.msg_ids[3]]
    assert record["resubmitted"] in again.msg_ids, record

    # purge: by id, by engine, all
    second.purge_hub_results(results.msg_ids[:2])
    assert not set(results.msg_ids[:2]) & set(second.hub_history())
    second.purge_hub_results(targets=[second.ids[0]])
    assert not stored(second, {"engine_uuid": engine, "completed": {"$ne": None}}, ["msg_id"])
    second.purge_hub_results("all")
    assert not stored(second, {"completed": {"$ne": None}}, ["msg_id"])

    # after a restart of the controller the history is there
    kept = first.load_balanced_view().map_async(work, range(5), chunksize=1)
    kept.get(TIMEOUT)
    done = {"msg_id": {"$in": kept.msg_ids}, "completed": {"$ne": None}}
    until("the hub has the results", lambda: len(stored(first, done, ["msg_id"])) == 5)
    first.close()
    second.close()
    stop(controller)
    for process in engines:
        stop(process)
    start_controller()
    third = connect()
    assert set(kept.msg_ids) <= set(third.hub_history())
    assert len(stored(third, done)) == 5
    assert values(third.get_result(kept.msg_ids, owner=False)) == [0, 1, 4, 9, 16]
    third.close()
    for log in directory.glob("controller-*.log"):
        assert "DB Error" not in log.read_text(), log
    print("the cluster of ipyparallel", ipp.__version__, "did all it should")
finally:
    for process in processes:
        if process.poll() is None:
            stop(process)
