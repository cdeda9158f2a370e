package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// python is a Python process that reads requests and writes answers, a line of JSON
// each. It ends when there are no more requests.
type python struct {
	process *exec.Cmd
	stdin   io.Closer
	in      *json.Encoder
	out     *bufio.Reader
}

// timeToEnd is how long a process has to end by itself. One that started a cluster waits
// for that to end.
const timeToEnd = 2 * time.Minute

func startPython(ctx context.Context, interpreter, script string, arguments ...string) (*python, error) {
	process := exec.CommandContext(ctx, interpreter, append([]string{"-c", script}, arguments...)...)
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	process.Cancel, process.WaitDelay = stdin.Close, timeToEnd
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", interpreter, err)
	}
	return &python{process, stdin, json.NewEncoder(stdin), bufio.NewReader(stdout)}, nil
}

// Close ends the process.
func (p *python) Close() error { return errors.Join(p.stdin.Close(), p.process.Wait()) }

func (p *python) ask(request, answer any) error {
	if err := p.in.Encode(request); err != nil {
		return fmt.Errorf("ask Python: %w", err)
	}
	return p.listen(answer)
}

// listen reads the next answer.
func (p *python) listen(answer any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("listen to Python: %w", err)
	}
	if err := json.Unmarshal(line, answer); err != nil {
		return fmt.Errorf("listen to Python: %w", err)
	}
	return nil
}
