package check

import (
	"sort"

	"quorum.local/prober/history"
)

// Gap is what one gap prober measured.
type Gap struct {
	Connection string `json:"connection"`
	Op         string `json:"op"`
	Tries      int    `json:"tries"`
	Failed     int    `json:"failed"`
	// FailedTwice counts failed tries whose one retry failed as well.
	FailedTwice int `json:"failedTwice"`
	// LongestMs is the longest time without an acknowledgement; FromMs where it began.
	LongestMs float64        `json:"longestMs"`
	FromMs    float64        `json:"fromMs"`
	Errors    map[string]int `json:"errors,omitempty"`
}

// GapsBetween measures each prober between two marks.
func GapsBetween(records []history.Record, from, to string) ([]Gap, error) {
	times, err := markTimes(records, from, to)
	if err != nil {
		return nil, err
	}
	return gaps(records, times[from], times[to]), nil
}

// gaps measures each prober from its first try to its last, or within [from, to] where given.
func gaps(records []history.Record, from, to int64) []Gap {
	type prober struct{ connection, op string }
	probes := map[prober][]history.Record{}
	for _, r := range records {
		if r.Kind == history.KindProbe && r.At >= from && r.At <= to {
			p := prober{r.Connection, r.Op}
			probes[p] = append(probes[p], r)
		}
	}
	var measured []Gap
	for p, tries := range probes {
		measured = append(measured, gap(p.connection, p.op, tries))
	}
	sort.Slice(measured, func(i, j int) bool {
		a, b := measured[i], measured[j]
		return a.Op > b.Op || (a.Op == b.Op && a.Connection < b.Connection)
	})
	return measured
}

func gap(connection, op string, tries []history.Record) Gap {
	g := Gap{Connection: connection, Op: op, Tries: len(tries), Errors: map[string]int{}}
	start, end := tries[0].At, tries[0].At
	var acknowledged []int64
	for _, t := range tries {
		start, end = min(start, t.At), max(end, t.At)
		if t.Outcome == history.OutcomeOK {
			acknowledged = append(acknowledged, t.At+t.Took)
			continue
		}
		g.Failed++
		g.Errors[t.Error]++
		if t.Retry != history.OutcomeOK {
			g.FailedTwice++
		}
	}
	sort.Slice(acknowledged, func(i, j int) bool { return acknowledged[i] < acknowledged[j] })
	last := start
	for _, at := range append(acknowledged, max(end, last)) {
		if length := float64(at-last) / 1e6; length > g.LongestMs {
			g.LongestMs, g.FromMs = length, float64(last)/1e6
		}
		last = at
	}
	return g
}
