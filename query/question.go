package query

// question is one that a filter is asked about a document. It is nil where there is
// nothing to note beside the answer.
type question struct {
	*effort      // what the answer may take
	silent  bool // nobody asks where the filter held

	// index is that of the array element by which a predicate held, for the
	// positional projection "a.$". Where arrays are nested it is the outermost's.
	index int
	found bool
}

// briefly is up to how many bytes that a filter may look at, each as often as it does, take
// no time to speak of.
const briefly = 1 << 20

// question is what the filter is asked whether it selects doc.
func (f *Filter) question(doc []byte) *question {
	if f.reach*len(doc) < briefly {
		return nil
	}
	asked := &struct {
		question
		answer effort
	}{question{silent: true}, newEffort(evaluationTime)}
	asked.question.effort = &asked.answer
	return &asked.question
}

// aside is the question for predicates that tell no position.
func (q *question) aside() *question {
	if q == nil || q.silent {
		return q
	}
	return &question{effort: q.effort, silent: true}
}

// spend counts a predicate that looks at so many bytes.
func (q *question) spend(bytes int) error {
	if q == nil {
		return nil
	}
	return q.effort.spend(bytes)
}

// setIf notes where a predicate held, if it did.
func (q *question) setIf(ok bool, index int) {
	if ok && q != nil && !q.silent {
		q.index, q.found = index, true
	}
}
