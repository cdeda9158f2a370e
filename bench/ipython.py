"""Asks IPython parallel's own task databases what the benchmark asks.

Reads one request a line and writes one answer a line, both JSON:

    {"do": "open", "store": "dict" | "sqlite", "file": FILE, "directory": DIRECTORY}
    {"do": "get", "ids": [...]}            get_record of each
    {"do": "find", "check": {...}}         find_records
    {"do": "history"}                      get_history
    {"do": "add", "records": [...]}        add_record of each
    {"do": "update", "ids": [...], "records": [...]}    update_record of each
    {"do": "drop", "check": {...}}         drop_matching_records

Records and checks are in MongoDB's extended JSON. An answer has the seconds that the
database took, and the msg_ids in the order in which it gave them; or an error. That to "open"
has what IPython runs with in their place.
"""

import base64
import json
import platform
import sqlite3
import sys
import time
import warnings
from datetime import datetime

import ipyparallel
from ipyparallel.controller.dictdb import DictDB
from ipyparallel.controller.sqlitedb import SQLiteDB

COMMIT_EVERY = 2  # seconds, as SQLiteDB's own callback does inside a controller


def value(pairs):
    """What an object of extended JSON stands for."""
    pairs = dict(pairs)
    if "$date" in pairs:
        return datetime.fromisoformat(pairs["$date"])
    if "$binary" in pairs:
        return base64.b64decode(pairs["$binary"]["base64"])
    return pairs


def parse(line):
    return json.loads(line, object_pairs_hook=value)


class Peer:
    """One of IPython's databases, with its clock."""

    def open(self, request):
        if request["store"] == "dict":
            self.db = DictDB(record_limit=sys.maxsize, size_limit=sys.maxsize)
            self.commit = lambda: None
        else:
            self.db = SQLiteDB(location=request["directory"], filename="ipython.db")
            self.commit = self.db._db.commit
        self.uncommitted = 0
        with open(request["file"]) as lines:
            for line in lines:
                record = parse(line)
                self.db.add_record(record["msg_id"], record)
        self.commit()
        versions = f"ipyparallel {ipyparallel.__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
        return 0, [versions]

    def get(self, request):
        start = time.perf_counter()
        found = [self.db.get_record(msg_id) for msg_id in request["ids"]]
        return time.perf_counter() - start, [record["msg_id"] for record in found]

    def find(self, request):
        start = time.perf_counter()
        found = self.db.find_records(request["check"])
        return time.perf_counter() - start, [record["msg_id"] for record in found]

    def history(self, request):
        start = time.perf_counter()
        found = self.db.get_history()
        return time.perf_counter() - start, list(found)

    def add(self, request):
        return self.write(self.db.add_record, [record["msg_id"] for record in request["records"]], request["records"])

    def update(self, request):
        return self.write(self.db.update_record, request["ids"], request["records"])

    def drop(self, request):
        start = time.perf_counter()
        self.db.drop_matching_records(request["check"])
        self.commit()
        return time.perf_counter() - start, []

    def write(self, change, ids, records):
        """Changes records, and commits whenever it has been doing so for two
        seconds, in this request and those before."""
        start = last = time.perf_counter()
        for msg_id, record in zip(ids, records):
            change(msg_id, record)
            now = time.perf_counter()
            self.uncommitted += now - last
            last = now
            if self.uncommitted >= COMMIT_EVERY:
                self.commit()
                self.uncommitted = 0
                last = time.perf_counter()
        return last - start, []


def main():
    warnings.simplefilter("ignore")
    peer = Peer()
    for line in sys.stdin:
        request = parse(line)
        try:
            seconds, ids = getattr(peer, request["do"])(request)
            answer = {"seconds": seconds, "ids": ids}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
