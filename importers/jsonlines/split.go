package jsonlines

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// blank is JSON's white space.
const blank = " \t\r\n"

// nextLine returns the next line that is not blank, and its number. After the
// last it returns io.EOF.
func (r *Reader) nextLine() (text []byte, line int64, err error) {
	for {
		line, err = r.line, r.readLine()
		r.line++
		r.text = bytes.TrimRight(r.text, blank)
		if err != nil || len(r.text) > 0 {
			r.done = err != nil && err != ErrTooLong
			return r.text, line, err
		}
	}
}

// readLine reads a line into r.text. The last may lack its newline; io.EOF is
// returned only if there is nothing left. A line that is too long is passed
// over.
func (r *Reader) readLine() error {
	r.text = r.text[:0]
	tooLong := false
	for {
		part, err := r.in.ReadSlice('\n')
		tooLong = tooLong || len(r.text)+len(part) > r.max
		if !tooLong {
			r.text = append(r.text, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case tooLong:
			return ErrTooLong
		case err == io.EOF && len(r.text) > 0:
			return nil
		}
		return err
	}
}

// nextItem returns the text of the array's next item, and the line on which it
// begins. After the end of the array it returns io.EOF.
func (r *Reader) nextItem() (text []byte, line int64, err error) {
	err = r.beginItem()
	line = r.line
	if err == nil {
		err = r.readObject()
	}
	r.items++
	r.done = err != nil
	return r.text, line, err
}

// beginItem reads up to the brace with which the next item begins. At the end
// of the array it returns io.EOF.
func (r *Reader) beginItem() error {
	c, err := r.peek()
	if c == ']' {
		return r.endArray()
	}
	if err == nil && r.items > 0 {
		if c != ',' {
			return fmt.Errorf("%q where a comma or the array's end should be", c)
		}
		r.in.Discard(1)
		c, err = r.peek()
	}
	switch {
	case err != nil:
		return inArray(err)
	case c != '{':
		return fmt.Errorf("%q where a document should begin", c)
	}
	return nil
}

// endArray checks that nothing follows the closing bracket.
func (r *Reader) endArray() error {
	r.in.Discard(1)
	c, err := r.peek()
	if err == nil {
		return fmt.Errorf("%q after the array's end", c)
	}
	return err
}

// readObject reads an object into r.text. It looks only at what it must to find
// the end.
func (r *Reader) readObject() error {
	r.text = r.text[:0]
	depth, inString, escaped := 0, false, false
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return inArray(err)
		}
		if len(r.text) == r.max {
			return ErrTooLong
		}
		r.text = append(r.text, c)
		switch {
		case c == '\n':
			r.line++
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return nil
			}
		}
	}
}

// inArray says of an end of file that it is too early.
func inArray(err error) error {
	if err == io.EOF {
		return errors.New("the file ends before the array does")
	}
	return err
}
