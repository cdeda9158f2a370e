"""ipyparallel's task databases with a clock, for a controller to be configured with.

What they took, in seconds on the clock and of the processor, stands in the file that the
environment names; it is written whenever a client's db_query has been answered.
"""

import functools
import json
import os
import time

from ipyparallel.controller.dictdb import DictDB
from ipyparallel.controller.mongodb import MongoDB
from ipyparallel.controller.sqlitedb import SQLiteDB

totals = {}


def timed(name, call):
    """The call with a clock."""
    total = totals[name] = {"seconds": 0.0, "processor": 0.0}

    @functools.wraps(call)
    def with_clock(*arguments, **keywords):
        start, processor = time.perf_counter(), time.thread_time()
        try:
            return call(*arguments, **keywords)
        finally:
            total["seconds"] += time.perf_counter() - start
            total["processor"] += time.thread_time() - processor

    return with_clock


class Timed:
    """A database whose methods are timed that a controller calls for its tasks."""

    def __init__(self, **keywords):
        super().__init__(**keywords)
        for name in ("add_record", "get_record", "update_record", "find_records"):
            setattr(self, name, timed(name, getattr(self, name)))
        find = self.find_records

        def find_and_tell(*arguments, **keywords):
            found = find(*arguments, **keywords)
            with open(os.environ["TIMED_TOTALS"], "w") as file:
                json.dump(totals, file)
            return found

        self.find_records = find_and_tell


class TimedDictDB(Timed, DictDB):
    pass


class TimedMongoDB(Timed, MongoDB):
    pass


class TimedSQLiteDB(Timed, SQLiteDB):
    def __init__(self, **keywords):
        super().__init__(**keywords)
        every = self._commit_callback  # two seconds
        every.callback = timed("commit", every.callback)
