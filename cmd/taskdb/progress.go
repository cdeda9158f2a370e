package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// redrawn is how often a terminal is drawn anew.
const redrawn = 100 * time.Millisecond

// unknown is a number of records that nobody knows.
const unknown = -1

// beginProgress shows on a terminal, until endProgress, how many records were
// handled, of so many or of an unknown number.
func (p *program) beginProgress(what string, records int64) {
	if !isTerminal(p.stderr) {
		return
	}
	if records == 0 {
		return
	}
	p.progress = progressbar.NewOptions64(records,
		progressbar.OptionSetWriter(p.stderr),
		progressbar.OptionSetDescription(printable(what)),
		progressbar.OptionShowCount(),
		progressbar.OptionShowTotalBytes(false),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("records"),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionThrottle(redrawn),
		progressbar.OptionSetSpinnerChangeInterval(0), // drawn with what it shows, by nobody else
		progressbar.OptionClearOnFinish(),
	)
	p.showProgress(0)
}

// showProgress shows the number of records so far. That a terminal cannot show it
// keeps nothing from being done.
func (p *program) showProgress(records int) {
	if p.progress != nil {
		p.progress.Set(records)
	}
}

// endProgress leaves the terminal's line as it was.
func (p *program) endProgress() {
	if p.progress != nil {
		p.progress.Finish()
		p.progress = nil
	}
}
