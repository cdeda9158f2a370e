"""A session of pymongo, of version 3.11 or 4: what a user does first, and what goes wrong."""

import sys

import pymongo
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

client = pymongo.MongoClient(sys.argv[1], tz_aware=True)
client.drop_database("session-python")
things = client["session-python"]["things"]

# insert, and find with a sort and a projection
things.insert_many([{"_id": i, "group": i % 3, "tags": ["a", "b"][: i % 3], "size": i * 1.5} for i in range(10)])
found = list(things.find({"group": 1, "size": {"$gt": 2}}, {"size": 1, "_id": 0}).sort("size", -1))
assert found == [{"size": 10.5}, {"size": 6.0}], found
assert things.count_documents({"tags": "b"}) == 3
assert sorted(things.distinct("tags")) == ["a", "b"]

# update operators
result = things.update_one({"_id": 1}, {"$inc": {"size": 1}, "$push": {"tags": {"$each": ["z", "y"], "$sort": 1}}})
assert (result.matched_count, result.modified_count) == (1, 1)
assert things.find_one({"_id": 1}) == {"_id": 1, "group": 1, "tags": ["a", "y", "z"], "size": 2.5}
assert things.update_many({"group": 0}, {"$set": {"seen": True}, "$unset": {"tags": ""}}).modified_count == 4
taken = things.find_one_and_update({"seen": True}, {"$set": {"seen": False}}, sort=[("size", -1)], return_document=pymongo.ReturnDocument.AFTER)
assert (taken["_id"], taken["seen"]) == (9, False), taken
assert things.replace_one({"_id": 100}, {"new": 1}, upsert=True).upserted_id == 100

# aggregate
pipeline = [{"$match": {"group": {"$exists": True}}}, {"$group": {"_id": "$group", "n": {"$sum": 1}, "most": {"$max": "$size"}}}, {"$sort": {"_id": 1}}]
assert list(things.aggregate(pipeline)) == [{"_id": 0, "n": 4, "most": 13.5}, {"_id": 1, "n": 3, "most": 10.5}, {"_id": 2, "n": 3, "most": 12.0}]

# errors
things.create_index("name", unique=True, sparse=False, partialFilterExpression={"name": {"$exists": True}})
assert "name_1" in things.index_information()
things.insert_one({"name": "n"})
try:
    things.insert_one({"name": "n"})
    raise AssertionError("a duplicate was taken")
except DuplicateKeyError as error:
    assert error.code == 11000 and error.details["keyValue"] == {"name": "n"}, error.details
try:
    things.bulk_write([pymongo.InsertOne({"_id": 200}), pymongo.InsertOne({"_id": 200}), pymongo.UpdateOne({"_id": 200}, {"$set": {"x": 1}})], ordered=False)
    raise AssertionError("a duplicate was taken")
except BulkWriteError as error:
    assert error.details["nInserted"] == 1 and error.details["nModified"] == 1, error.details
    assert [e["index"] for e in error.details["writeErrors"]] == [1]
try:
    list(things.find({"size": {"$nonsense": 1}}))
    raise AssertionError("an unknown operator was taken")
except OperationFailure as error:
    assert error.code == 2, error

# cursors
many = client["session-python"]["many"]
many.insert_many([{"_id": i, "text": "x" * 20} for i in range(100_000)])
assert [d["_id"] for d in many.find({}, {"_id": 1}, batch_size=777).sort("_id", 1)] == list(range(100_000))
assert many.delete_many({"_id": {"$lt": 50_000}}).deleted_count == 50_000
assert many.estimated_document_count() == 50_000

client.drop_database("session-python")
assert "session-python" not in client.list_database_names()
