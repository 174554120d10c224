package check

import (
	"quorum.local/prober/history"
)

// Phase is the time between two marks (or a mark and the end) of a run.
type Phase struct {
	From    string  `json:"from"`
	Seconds float64 `json:"seconds"`
	// Writes began and were acknowledged within the phase, by the load and by the gap probers.
	Writes int `json:"writes"`
	// FirstWriteMs is from the mark to the first acknowledgement of a write that began after it, no
	// matter in which phase; -1 when there is none.
	FirstWriteMs float64 `json:"firstWriteMs"`
	// FailedProbes of the gap probers, by start.
	FailedProbes int `json:"failedProbes"`
}

func phases(records []history.Record, operations []history.Operation) []Phase {
	var found []Phase
	var starts []int64
	end := int64(0)
	for _, r := range records {
		end = max(end, r.At)
		if r.Kind == history.KindMark {
			found = append(found, Phase{From: r.Name, FirstWriteMs: -1})
			starts = append(starts, r.At)
		}
	}
	starts = append(starts, end+1)
	for i := range found {
		p, from, to := &found[i], starts[i], starts[i+1]
		p.Seconds = seconds(to - from)
		acknowledge := func(call, done int64) {
			if call < from {
				return
			}
			if after := float64(done-from) / 1e6; p.FirstWriteMs < 0 || after < p.FirstWriteMs {
				p.FirstWriteMs = after
			}
			if done <= to {
				p.Writes++
			}
		}
		for _, o := range operations {
			if o.Op == history.OpWrite && o.Outcome == history.OutcomeOK {
				acknowledge(o.Call, o.Return)
			}
		}
		for _, r := range records {
			switch {
			case r.Kind != history.KindProbe:
			case r.Outcome != history.OutcomeOK:
				if r.At >= from && r.At < to {
					p.FailedProbes++
				}
			case r.Op == history.OpWrite:
				acknowledge(r.At, r.At+r.Took)
			}
		}
	}
	return found
}
