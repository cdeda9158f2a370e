// A session of mongosh.
const assert = require('assert');

const it = db.getSiblingDB('session-mongosh');
it.dropDatabase();
it.things.insertMany([{ _id: 1, a: 1 }, { _id: 2, a: [1, 2] }, { _id: 3, a: null }]);
it.things.insertOne({ _id: 4, at: ISODate('2026-11-22T12:00:00Z'), n: NumberLong('5'), d: NumberDecimal('1.10') });
assert.deepEqual(it.things.find({ a: 1 }).sort({ _id: -1 }).toArray().map((d) => d._id), [2, 1]);
assert.equal(it.things.find({ a: null }).count(), 2);
it.things.updateOne({ _id: 1 }, { $set: { b: 'x' }, $rename: { a: 'c' } });
assert.deepEqual(it.things.findOne({ _id: 1 }), { _id: 1, b: 'x', c: 1 });
it.things.createIndex({ b: 1 });
assert.deepEqual(it.things.getIndexes().map((i) => i.name), ['_id_', 'b_1']);
assert.deepEqual(it.getCollectionNames(), ['things']);
assert.equal(it.things.stats().count, 4);
assert.deepEqual(it.things.aggregate([{ $group: { _id: null, n: { $sum: 1 }, s: { $sum: '$n' } } }]).toArray(), [{ _id: null, n: 4, s: NumberLong('5') }]);
let refused = '';
try { it.things.insertOne({ _id: 1 }); } catch (error) { refused = error.message; }
assert.match(refused, /E11000/);
try { it.things.find({ $nonsense: 1 }).toArray(); } catch (error) { refused = error.message; }
assert.match(refused, /unknown top level operator/);
assert.match(JSON.stringify(it.things.explain().find({ b: 'x' }).finish()), /b_1/);
for (let i = 0; i < 100; i++) {
  it.many.insertMany(Array.from({ length: 1000 }, (_, j) => ({ _id: i * 1000 + j })));
}
let n = 0;
it.many.find().forEach(() => { n++; });
assert.equal(n, 100000);
assert.equal(it.runCommand({ ping: 1 }).ok, 1);
assert.equal(it.dropDatabase().ok, 1);
print('the session is done');
