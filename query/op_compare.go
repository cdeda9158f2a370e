package query

import "go.mongodb.org/mongo-driver/v2/bson"

// comparison is $eq, $lt, $lte, $gt or $gte.
type comparison struct {
	unwinding
	op      comparisonOp
	operand value
	nan     bool // the operand is NaN
}

type comparisonOp uint8

const (
	opEq comparisonOp = iota
	opLte
	opLt
	opGt
	opGte
)

func newComparison(op comparisonOp, operand value) *comparison {
	return &comparison{op: op, operand: operand, nan: operand.isNaN()}
}

// unwinding is embedded by predicates that look into an array at a path's end.
type unwinding struct{}

func (unwinding) unwinds() bool { return true }

// whole is embedded by predicates that take an array at a path's end as it is.
type whole struct{}

func (whole) unwinds() bool { return false }

func (c *comparison) rank() int { return rankEq + int(c.op) }

func (c *comparison) matches(v value, _ *question) (bool, error) {
	class, other := v.class(), c.operand.class()
	if class != other {
		return c.acrossClasses(v), nil
	}
	if c.nan || class == classNumber && v.isNaN() {
		return c.nan && v.isNaN() && c.inclusive(), nil // C4
	}
	order := compareSameClass(v, c.operand)
	switch c.op {
	case opEq:
		return order == 0, nil
	case opLte:
		return order <= 0, nil
	case opLt:
		return order < 0, nil
	case opGt:
		return order > 0, nil
	}
	return order >= 0, nil
}

// inclusive tells whether equal values satisfy the comparison.
func (c *comparison) inclusive() bool { return c.op != opLt && c.op != opGt }

// acrossClasses is what rules C2 and C3 leave of comparing values of different
// classes.
func (c *comparison) acrossClasses(v value) bool {
	switch c.operand.kind {
	case bson.TypeNull:
		return v.missing() && c.inclusive()
	case bson.TypeMinKey:
		return c.op == opGt || c.op == opGte
	case bson.TypeMaxKey:
		return c.op == opLt || c.op == opLte
	}
	return false
}
