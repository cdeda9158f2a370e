package query

import "time"

// exprNode is $expr: true of the documents for which an expression is.
type exprNode struct {
	expression expression
	frame      *frame
	now        value
}

// newExprNode parses the argument of $expr. $$NOW is when that was.
func newExprNode(v value, a *allowance, at trail) (*exprNode, *Error) {
	n := &exprNode{frame: newFrame(a), now: dateValue(time.Now())}
	var err *Error
	n.expression, err = n.frame.parser().parse(v, at)
	return n, err
}

func (n *exprNode) matchDocument(doc []byte, _ *question) (bool, error) {
	v, err := n.expression.evaluate(n.frame.scope(doc, n.now))
	return err == nil && v.truthy(), err
}

// matchValue is not called: an $expr stands in no $elemMatch.
func (n *exprNode) matchValue(v value, q *question) (bool, error) {
	return n.matchDocument(v.data, q)
}

func (n *exprNode) rank() int { return rankExpr }
