package mongowire_test

import (
	"context"
	"log/slog"
)

// panicked is a log that keeps what it is told of panics.
type panicked struct{ said []string }

func (p *panicked) Enabled(context.Context, slog.Level) bool { return true }

func (p *panicked) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "command panicked" {
		r.Attrs(func(a slog.Attr) bool {
			p.said = append(p.said, a.String())
			return true
		})
	}
	return nil
}

func (p *panicked) WithAttrs([]slog.Attr) slog.Handler { return p }

func (p *panicked) WithGroup(string) slog.Handler { return p }
