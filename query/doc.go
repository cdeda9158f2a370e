// Package query is MongoDB's query language over raw BSON: filters, sorts,
// projections, distinct values, updates and aggregation pipelines, with the
// semantics of MongoDB 8.2 and no store beneath.
//
// Everything is parsed and checked once, by ParseFilter, ParseSort,
// ParseProjection, ParseUpdate and ParsePipeline, before any document is looked at;
// what is wrong is told by an *Error with MongoDB's code and words. An update or an
// expression can also be wrong for one document and right for others: then
// Update.Apply, Filter.Match, Projection.Apply or Pipeline.Run say so. What was
// parsed is immutable and safe for use by many goroutines at once.
//
// # Expressions
//
// One evaluator serves $expr in filters, computed keys of projections, updates by
// pipelines and the stages of pipelines. An expression is parsed into a tree once,
// what is constant in it is evaluated then, and which keys of a document it asks
// about is known (Needs). Its rules are not those of filters: a path takes no index
// of an array and does not take an array at its end apart, values of different
// classes are ordered, and a missing value is another than null and below it.
//
// # Documents
//
// Documents are bson.Raw and are never decoded: a predicate walks the bytes to
// the values that it asks about. They must be whole, as Validate checks; of a
// broken document only what comes before the break is seen. Slices that are
// passed in are neither changed nor kept, but for what a function says it
// returns.
//
// # Rules
//
// Comments name the rules of the language by a letter and a number: P for how
// a path reaches values, C for comparison, S for sorting. They were read in
// MongoDB's source (src/mongo/db/matcher, src/mongo/bson) and its
// documentation:
//
//   - P1 a path walks documents by key until its end, a missing key, a scalar
//     or an array; a missing key or a scalar before the end give "missing".
//   - P2 where a path ends at an array, each of its elements is a value of the
//     path, and then the array itself.
//   - P3 where an array comes before the end, the rest of the path is followed
//     from each element that is a document, and, if the next part is an index,
//     from the element at that index. Other elements give nothing.
//   - P4 an element reached by its index at the end of a path is not unwound.
//   - P5 a document in an array is tried both ways: by the rest of the path,
//     and by its index.
//   - P6 an array reached by its index goes on as any array does; an array in
//     an array is not entered otherwise.
//   - P7 "01" is no index; an index is a plain key of a document.
//   - P8 a predicate holds for a path if it holds for one of its values; each
//     predicate looks at all of them, by itself.
//   - P9 negations negate the answer about the whole document.
//   - C1 values of different classes are neither equal nor ordered by $gt and
//     its kin.
//   - C2 null and missing are equal.
//   - C3 MinKey and MaxKey are comparable to all classes.
//   - C4 NaN equals NaN and is otherwise not comparable; it sorts below all
//     numbers.
//   - C5 numbers compare by their exact value, whatever their types.
//   - C6 strings compare by their bytes.
//   - C7 binary values compare by length, then subtype, then bytes.
//   - C8 documents compare field by field: class, name, value.
//   - C9 arrays compare element by element.
//   - C10 dates are milliseconds, signed; timestamps are another class.
//   - C11 regular expressions are no argument of $gt and its kin.
//   - S1 missing sorts as null; an empty array sorts before null.
//   - S2 an array sorts by its smallest element, downwards by its largest.
package query
