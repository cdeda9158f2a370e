package query

// names are those of the nodes below another in a tree of paths, each once, in the
// order of the nodes.
type names struct {
	list   []string
	places map[string]int // of the names, where they are many
}

// fewNames is up to how many names are looked through one by one.
const fewNames = 16

// find returns the place of a name, or -1.
func (n *names) find(name []byte) int {
	if n.places != nil {
		if i, ok := n.places[string(name)]; ok {
			return i
		}
		return -1
	}
	for i, known := range n.list {
		if known == string(name) {
			return i
		}
	}
	return -1
}

// add adds a name that is not there yet.
func (n *names) add(name string) {
	n.list = append(n.list, name)
	if len(n.list) <= fewNames {
		return
	}
	if n.places == nil {
		n.places = make(map[string]int)
	}
	for i := len(n.places); i < len(n.list); i++ {
		n.places[n.list[i]] = i
	}
}
