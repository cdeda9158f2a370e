package pcre

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// What \d, \w, \s, \h and \v mean without (*UCP). \s has had VT since Perl 5.18; Go's has not.
var (
	asciiDigit = runeSet{'0', '9'}
	asciiWord  = runeSet{'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}
	asciiSpace = runeSet{'\t', '\r', ' ', ' '}

	horizontalSpace = runeSet{'\t', '\t', ' ', ' ', 0xA0, 0xA0, 0x1680, 0x1680, 0x180E, 0x180E, 0x2000, 0x200A,
		0x202F, 0x202F, 0x205F, 0x205F, 0x3000, 0x3000}
	verticalSpace = runeSet{'\n', '\r', 0x85, 0x85, 0x2028, 0x2029}
)

// What they mean with (*UCP), and under their names in \p. \w is without marks and connectors before release 10.43.
var (
	unicodeDigit = sync.OnceValue(func() runeSet { return tableSet(unicode.Nd) })
	unicodeAlnum = sync.OnceValue(func() runeSet { return union(tableSet(unicode.L), tableSet(unicode.N)) })
	unicodeWord  = sync.OnceValue(func() runeSet { return union(unicodeAlnum(), oneRune('_')) })
	unicodeSpace = sync.OnceValue(func() runeSet { return union(tableSet(unicode.Z), horizontalSpace, verticalSpace) })
)

func (p *parser) digitSet() runeSet {
	if p.ucp {
		return unicodeDigit()
	}
	return asciiDigit
}

func (p *parser) wordSet() runeSet {
	if p.ucp {
		return unicodeWord()
	}
	return asciiWord
}

func (p *parser) spaceSet() runeSet {
	if p.ucp {
		return unicodeSpace()
	}
	return asciiSpace
}

// posixSet is the set of [:name:].
func (p *parser) posixSet(name string) (runeSet, bool) {
	if p.ucp {
		if set, ok := unicodePosix(name); ok {
			return set, true
		}
	} else if p.flags.fold && (name == "upper" || name == "lower") {
		name = "alpha"
	}
	set, ok := asciiPosix[name]
	return set, ok
}

var asciiPosix = map[string]runeSet{
	"alnum":  {'0', '9', 'A', 'Z', 'a', 'z'},
	"alpha":  {'A', 'Z', 'a', 'z'},
	"ascii":  {0, 0x7F},
	"blank":  {'\t', '\t', ' ', ' '},
	"cntrl":  {0, 0x1F, 0x7F, 0x7F},
	"digit":  asciiDigit,
	"graph":  {'!', '~'},
	"lower":  {'a', 'z'},
	"print":  {' ', '~'},
	"punct":  {'!', '/', ':', '@', '[', '`', '{', '~'},
	"space":  asciiSpace,
	"upper":  {'A', 'Z'},
	"word":   asciiWord,
	"xdigit": {'0', '9', 'A', 'F', 'a', 'f'},
}

// unicodePosix is what a POSIX class means with (*UCP), where that differs.
func unicodePosix(name string) (runeSet, bool) {
	switch name {
	case "alnum":
		return unicodeAlnum(), true
	case "alpha":
		return tableSet(unicode.L), true
	case "blank":
		return horizontalSpace, true
	case "cntrl":
		return tableSet(unicode.Cc), true
	case "digit":
		return unicodeDigit(), true
	case "graph":
		return unicodeGraph(), true
	case "lower":
		return tableSet(unicode.Ll), true
	case "print":
		return union(unicodeGraph(), tableSet(unicode.Zs)).without(mongolianSeparator), true
	case "punct":
		asciiSymbols := runeSet{'$', '$', '+', '+', '<', '>', '^', '^', '`', '`', '|', '|', '~', '~'}
		return union(tableSet(unicode.P), asciiSymbols), true
	case "space":
		return unicodeSpace(), true
	case "upper":
		return tableSet(unicode.Lu), true
	case "word":
		return unicodeWord(), true
	}
	return nil, false
}

var mongolianSeparator = oneRune(0x180E)

// unicodeGraph is what leaves a mark: all but separators, controls and a few of the formatting characters.
var unicodeGraph = sync.OnceValue(func() runeSet {
	seen := union(tableSet(unicode.L), tableSet(unicode.M), tableSet(unicode.N), tableSet(unicode.P),
		tableSet(unicode.S), tableSet(unicode.Cf))
	return seen.without(union(runeSet{0x061C, 0x061C, 0x2066, 0x2069}, mongolianSeparator))
})

// property reads what follows \p or \P.
func (p *parser) property() (runeSet, error) {
	start := p.pos
	if !p.lookingAt("{") {
		if p.atEnd() || !unicode.IsLetter(rune(p.pattern[p.pos])) || p.pattern[p.pos] >= 0x80 {
			return nil, p.syntaxError(p.pos, `malformed \P or \p sequence`)
		}
		p.pos++
		return p.namedSet(p.pattern[start:p.pos], start)
	}
	name, _, closed := strings.Cut(p.pattern[p.pos+1:], "}")
	if !closed {
		return nil, p.syntaxError(len(p.pattern), `malformed \P or \p sequence`)
	}
	p.pos += len("{") + len(name) + len("}")
	name, negated := strings.CutPrefix(name, "^")
	set, err := p.namedSet(name, start)
	if negated {
		set = set.negate()
	}
	return set, err
}

func (p *parser) namedSet(name string, offset int) (runeSet, error) {
	name = looseName(name)
	if set, ok := specialSets[name]; ok {
		return set(), nil
	}
	if table, ok := tables()[name]; ok {
		return tableSet(table), nil
	}
	switch {
	case scripts()[name] != nil, strings.HasPrefix(name, "scx:"), strings.HasPrefix(name, "scriptextensions:"):
		return nil, p.unsupported(offset, `\p with a script's extensions (\p{sc:Greek} asks for the script alone)`)
	case strings.HasPrefix(name, "bidi"), strings.HasPrefix(name, "bc:"), slices.Contains(unknownProperties, name):
		return nil, p.unsupported(offset, `\p{`+name+`}`)
	}
	return nil, p.syntaxError(p.pos, `unknown property after \P or \p`)
}

// looseName is the name without what PCRE2 ignores in it.
func looseName(name string) string {
	name = strings.NewReplacer(" ", "", "\t", "", "\n", "", "-", "", "_", "", "=", ":").Replace(strings.ToLower(name))
	if script, ok := strings.CutPrefix(name, "script:"); ok {
		return "sc:" + script
	}
	return name
}

var specialSets = map[string]func() runeSet{
	"any":   func() runeSet { return everything },
	"ascii": func() runeSet { return runeSet{0, 0x7F} },
	"l&":    func() runeSet { return union(tableSet(unicode.Lu), tableSet(unicode.Ll), tableSet(unicode.Lt)) },
	"xan":   unicodeAlnum,
	"xps":   unicodeSpace,
	"xsp":   unicodeSpace,
	"xwd":   unicodeWord,
	"xuc":   func() runeSet { return runeSet{'$', '$', '@', '@', '`', '`', 0xA0, 0xD7FF, 0xE000, unicode.MaxRune} },

	"alphabetic": func() runeSet {
		return union(tableSet(unicode.L), tableSet(unicode.Nl), tableSet(unicode.Other_Alphabetic))
	},
	"lowercase": func() runeSet { return union(tableSet(unicode.Ll), tableSet(unicode.Other_Lowercase)) },
	"uppercase": func() runeSet { return union(tableSet(unicode.Lu), tableSet(unicode.Other_Uppercase)) },
}

// tables are the general categories, the properties that go by one of Unicode's own tables, and sc: with every script,
// by their loose names.
var tables = sync.OnceValue(func() map[string]*unicode.RangeTable {
	out := map[string]*unicode.RangeTable{}
	for name, table := range unicode.Categories {
		out[looseName(name)] = table
	}
	for name, table := range unicode.Properties {
		if !strings.HasPrefix(name, "Other_") && !slices.Contains(notInPCRE, name) {
			out[looseName(name)] = table
		}
	}
	for name, table := range scripts() {
		out["sc:"+name] = table
	}
	return out
})

var scripts = sync.OnceValue(func() map[string]*unicode.RangeTable {
	out := map[string]*unicode.RangeTable{}
	for name, table := range unicode.Scripts {
		out[looseName(name)] = table
	}
	return out
})

// notInPCRE are properties of package unicode that release 10.42 does not know.
var notInPCRE = []string{"Hyphen", "Prepended_Concatenation_Mark"}

// unknownProperties are properties of release 10.42 that package unicode does not know.
var unknownProperties = []string{
	"caseignorable", "cased", "changeswhencasefolded", "changeswhencasemapped", "changeswhenlowercased",
	"changeswhentitlecased", "changeswhenuppercased", "defaultignorablecodepoint", "emoji", "emojicomponent",
	"emojimodifier", "emojimodifierbase", "emojipresentation", "extendedpictographic", "graphemebase",
	"graphemeextend", "graphemelink", "idcontinue", "idstart", "math", "xidcontinue", "xidstart",
}
