package check

import (
	"fmt"

	"quorum.local/prober/history"
)

// watched checks the promise of a watch: events of the store come in order of revision, none twice,
// and from the start (or a relist) on none is missing. Acknowledged writes are what must be there.
func watched(records []history.Record, operations []history.Operation) []string {
	var problems []string
	type interval struct{ from, to int64 }
	var covered []interval
	seen := map[int64]history.Record{}
	last := int64(0)
	for _, r := range records {
		if r.Kind == history.KindMark && r.Name == history.MarkWatchBehind {
			problems = append(problems, "the watch did not catch up with the final reads")
		}
		if r.Kind != history.KindWatch {
			continue
		}
		switch r.Event {
		case history.WatchStarted, history.WatchRelisted:
			covered = append(covered, interval{r.Revision, r.Revision})
			last = r.Revision
		case history.WatchRestart:
		default:
			if r.Revision <= last {
				problems = append(problems, fmt.Sprintf("event of revision %d came after one of %d", r.Revision, last))
			}
			last = r.Revision
			seen[r.Revision] = r
			if len(covered) > 0 {
				covered[len(covered)-1].to = r.Revision
			}
		}
	}
	if len(covered) == 0 {
		return nil
	}
	for _, o := range acknowledgedWrites(operations) {
		for i, c := range covered {
			// The last interval is open: the client waited for the watch to catch up before it ended.
			open := i == len(covered)-1
			if o.Revision <= c.from || (o.Revision > c.to && !open) {
				continue
			}
			if event, ok := seen[o.Revision]; !ok {
				problems = append(problems, fmt.Sprintf("no event for write %q of revision %d", o.Value, o.Revision))
			} else if event.Value != o.Value {
				problems = append(problems, fmt.Sprintf("event of revision %d has %q, but %q was written", o.Revision, event.Value, o.Value))
			}
		}
	}
	return problems
}
