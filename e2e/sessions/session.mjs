// A session of the Node driver.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const { MongoClient } = createRequire(process.env.CLIENTS + '/')('mongodb');

const client = await MongoClient.connect(process.argv[2]);
const db = client.db('session-node');
await db.dropDatabase();
const things = db.collection('things');

await things.insertMany([0, 1, 2, 3, 4].map((i) => ({ _id: i, group: i % 2, size: i * 1.5, tags: ['a', 'b'] })));
const found = await things.find({ group: 0 }, { projection: { size: 1, _id: 0 } }).sort({ size: -1 }).toArray();
assert.deepEqual(found, [{ size: 6 }, { size: 3 }, { size: 0 }]);

const updated = await things.updateMany({ group: 1 }, { $mul: { size: 2 }, $pull: { tags: 'a' }, $currentDate: { at: true } });
assert.equal(updated.modifiedCount, 2);
const one = await things.findOneAndUpdate({ _id: 1 }, { $set: { 'tags.0': 'c' } }, { returnDocument: 'after' });
assert.deepEqual(one.tags, ['c']);
assert.ok(one.at instanceof Date);
await things.updateOne({ _id: 2 }, [{ $set: { twice: { $multiply: ['$size', 2] } } }]);
assert.equal((await things.findOne({ _id: 2 })).twice, 6);

const groups = await things.aggregate([
  { $unwind: '$tags' }, { $sortByCount: '$tags' }, { $match: { count: { $gt: 1 } } },
]).toArray();
assert.deepEqual(groups, [{ _id: 'b', count: 4 }, { _id: 'a', count: 3 }]);

await things.createIndex({ group: 1, size: -1 }, { name: 'both' });
assert.deepEqual((await things.indexes()).map((index) => index.name), ['_id_', 'both']);
assert.match(JSON.stringify(await things.find({ group: 1 }).hint('both').explain()), /both/);

await assert.rejects(
  things.bulkWrite([{ insertOne: { document: { _id: 9 } } }, { insertOne: { document: { _id: 9 } } }, { deleteOne: { filter: { _id: 9 } } }]),
  (error) => error.code === 11000 && error.result.insertedCount === 1 && error.result.deletedCount === 0);

const many = db.collection('many');
await many.insertMany(Array.from({ length: 100_000 }, (_, i) => ({ _id: i })));
let sum = 0;
for await (const doc of many.find().sort({ _id: 1 })) sum += doc._id;
assert.equal(sum, 4_999_950_000);
assert.equal(await many.countDocuments({ _id: { $gte: 99_990 } }), 10);

await db.dropDatabase();
await client.close();
