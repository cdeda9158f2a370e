package pcre

// options reads (?flags) or (?flags:...), of which (? has been read.
func (p *parser) options() (n *node, quantifiable bool, err error) {
	outside := p.flags
	changed, err := p.changedFlags()
	if err != nil {
		return nil, false, err
	}
	if p.take(")") {
		p.flags = changed
		return nil, false, nil
	}
	if p.atEnd() {
		return nil, false, p.syntaxError(p.pos, "missing closing parenthesis")
	}
	p.pos++ // the colon
	p.flags = changed
	n, err = p.plainGroup()
	p.flags = outside
	return n, true, err
}

func (p *parser) changedFlags() (flags, error) {
	f, on := p.flags, true
	caret := p.take("^")
	if caret {
		f = flags{dupNames: f.dupNames, ungreedy: f.ungreedy}
	}
	for !p.atEnd() && !p.at(")") && !p.at(":") {
		switch {
		case p.take("-"):
			if !on || caret {
				return f, p.syntaxError(p.pos-1, "invalid hyphen in option setting")
			}
			on = false
		case p.take("xx"):
			f.extended, f.extendedMore = on, on
		case p.take("x"):
			f.extended, f.extendedMore = on, false
		default:
			if err := p.changeFlag(&f, on); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

func (p *parser) changeFlag(f *flags, on bool) error {
	switch p.pattern[p.pos] {
	case 'i':
		f.fold = on
	case 'm':
		f.multiline = on
	case 's':
		f.dotAll = on
	case 'n':
		f.noCapture = on
	case 'U':
		f.ungreedy = on
	case 'J':
		f.dupNames = on
	case '+':
		return p.syntaxError(p.pos, "digit expected after (?+ or (?-")
	default:
		return p.syntaxError(p.pos, "unrecognized character after (? or (?-")
	}
	p.pos++
	return nil
}
