import static com.mongodb.client.model.Filters.*;
import static com.mongodb.client.model.Projections.*;
import static com.mongodb.client.model.Sorts.descending;
import static com.mongodb.client.model.Updates.*;

import com.mongodb.MongoBulkWriteException;
import com.mongodb.client.MongoClients;
import com.mongodb.client.model.*;
import java.util.ArrayList;
import java.util.List;
import org.bson.Document;

/** A session of the Java driver. */
public class Session {
  public static void main(String[] args) {
    try (var client = MongoClients.create(args[0])) {
      var db = client.getDatabase("session-java");
      db.drop();
      var things = db.getCollection("things");

      for (int i = 0; i < 5; i++) {
        things.insertOne(new Document("_id", i).append("group", i % 2).append("size", i * 1.5).append("tags", List.of("a")));
      }
      var found = things.find(eq("group", 0)).projection(fields(include("size"), excludeId())).sort(descending("size"));
      same(List.of(new Document("size", 6.0), new Document("size", 3.0), new Document("size", 0.0)), found.into(new ArrayList<>()));

      var updated = things.updateMany(eq("group", 1), combine(inc("size", 1), addToSet("tags", "b")));
      same(2L, updated.getModifiedCount());
      var after = new FindOneAndUpdateOptions().returnDocument(ReturnDocument.AFTER).sort(descending("size"));
      same(10, things.findOneAndUpdate(eq("group", 0), set("size", 10), after).getInteger("size"));

      var groups = things.aggregate(List.of(
          Aggregates.group("$group", Accumulators.sum("n", 1), Accumulators.push("ids", "$_id")),
          Aggregates.sort(Sorts.ascending("_id")))).into(new ArrayList<>());
      same(List.of(
          new Document("_id", 0).append("n", 3).append("ids", List.of(0, 2, 4)),
          new Document("_id", 1).append("n", 2).append("ids", List.of(1, 3))), groups);

      same("size_-1", things.createIndex(Indexes.descending("size")));
      try {
        things.bulkWrite(List.of(
            new InsertOneModel<>(new Document("_id", 7)),
            new InsertOneModel<>(new Document("_id", 7)),
            new DeleteOneModel<>(eq("_id", 7))), new BulkWriteOptions().ordered(false));
        throw new AssertionError("a duplicate was taken");
      } catch (MongoBulkWriteException e) {
        same(11000, e.getWriteErrors().get(0).getCode());
        same(1, e.getWriteResult().getDeletedCount());
      }

      var many = db.getCollection("many");
      var docs = new ArrayList<Document>();
      for (int i = 0; i < 100_000; i++) {
        docs.add(new Document("_id", i));
      }
      many.insertMany(docs);
      int next = 0;
      for (var doc : many.find().sort(Sorts.ascending("_id")).batchSize(1_000)) {
        same(next++, doc.getInteger("_id"));
      }
      same(100_000, next);
      db.drop();
    }
  }

  private static void same(Object want, Object got) {
    if (!want.equals(got)) {
      throw new AssertionError("want " + want + ", got " + got);
    }
  }
}
