package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"vault-plugin-secrets-paxos/scripts/docs/page"
)

// together is how many pages run at once. Each has a server and a plugin, which are idle most of the time.
const together = 2

// An outcome is what became of a page.
type outcome struct {
	*scenario
	err  error
	took time.Duration
}

// runAll runs the pages and reports on each of them in their order.
func (t *tools) runAll(ctx context.Context, pages []source, s settings, out io.Writer) error {
	places := make(chan struct{}, together)
	outcomes := make([]chan outcome, len(pages))
	for i, p := range pages {
		outcomes[i] = make(chan outcome, 1)
		go func() {
			places <- struct{}{}
			defer func() { <-places }()
			started := time.Now()
			played, err := &scenario{Page: p.Page}, p.err
			if err == nil {
				played, err = t.play(ctx, p.Page, s)
			}
			outcomes[i] <- outcome{played, err, time.Since(started)}
		}()
	}
	fmt.Fprintf(out, "%-34s %5s %8s %6s %8s\n", "page", "run", "compared", "norun", "seconds")
	run, compared, norun, failed := 0, 0, 0, 0
	started := time.Now()
	for i, p := range pages {
		o := <-outcomes[i]
		row(out, p.Path, o.run, len(o.answers), p.Count(page.Norun), o.took)
		run, compared, norun = run+o.run, compared+len(o.answers), norun+p.Count(page.Norun)
		if err := o.finish(out); err != nil {
			failed++
			fmt.Fprintln(out, err)
		}
	}
	row(out, "total", run, compared, norun, time.Since(started))
	if failed > 0 {
		return fmt.Errorf("%d of %d pages are not as the commands are", failed, len(pages))
	}
	return nil
}

// row writes a line of the table.
func row(out io.Writer, name string, run, compared, norun int, took time.Duration) {
	fmt.Fprintf(out, "%-34s %5d %8d %6d %8.1f\n", name, run, compared, norun, took.Seconds())
}

// finish writes the new answers of the page, and returns its errors.
func (o outcome) finish(out io.Writer) error {
	if len(o.updates) == 0 {
		return o.err
	}
	fmt.Fprintf(out, "%s: rewrote %d console blocks; read the difference\n", o.Path, len(o.updates))
	return errors.Join(o.err, os.WriteFile(o.Path, []byte(o.Rewrite(o.updates)), 0o644))
}
