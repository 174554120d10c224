// Package check judges a history. The judgement is about what clients were told, nothing else, so
// it holds no matter how the store works inside.
package check

import (
	"fmt"
	"math"
	"time"

	"quorum.local/prober/history"
)

// Verdicts. A void run proves nothing either way.
const (
	Pass = "pass"
	Fail = "fail"
	Void = "void"
)

// Options of a check.
type Options struct {
	// LoadBefore is a mark; in the Window before it at least MinRate requests a second must have
	// been answered. Empty: the whole run up to its end is judged.
	LoadBefore string
	MinRate    float64
	Window     time.Duration
	// RestoredTo and RestoreBegan are marks of a restore: writes acknowledged before the first must
	// be there at the end, and the history is judged up to the second. Empty: no restore.
	RestoredTo, RestoreBegan string
	// GapFrom and GapTo are marks that bound the gap measurement. Empty: whole run.
	GapFrom, GapTo string
	// Timeout of the search for one key. Default (0): 60 s.
	Timeout time.Duration
}

// Verdict is the answer, with the smallest counter-example found.
type Verdict struct {
	Verdict string   `json:"verdict"`
	Reasons []string `json:"reasons,omitempty"`

	Operations   int     `json:"operations"`
	Acknowledged int     `json:"acknowledged"`
	Writes       int     `json:"acknowledgedWrites"`
	Unknown      int     `json:"unknown"`
	Seconds      float64 `json:"seconds"`
	RateBefore   float64 `json:"ratePerSecondBefore"`

	NotLinearizable []Counterexample `json:"notLinearizable,omitempty"`
	Lost            []Lost           `json:"lost,omitempty"`
	LostCount       int              `json:"lostCount"`
	OutOfOrder      []string         `json:"outOfOrder,omitempty"`
	Watch           []string         `json:"watch,omitempty"`
	WatchEvents     int              `json:"watchEvents"`
	Gaps            []Gap            `json:"gaps,omitempty"`
	Phases          []Phase          `json:"phases,omitempty"`
}

// Check judges the records of one run.
func Check(records []history.Record, opts Options) (Verdict, error) {
	if opts.Timeout == 0 {
		opts.Timeout = 60 * time.Second
	}
	times, err := markTimes(records, opts.LoadBefore, opts.RestoredTo, opts.RestoreBegan, opts.GapFrom, opts.GapTo)
	if err != nil {
		return Verdict{}, err
	}
	operations := history.Operations(records)
	v := count(records, operations)
	v.judgeLoad(operations, times[opts.LoadBefore], opts)
	if opts.RestoredTo == "" {
		v.judgeHistory(records, operations, math.MaxInt64, opts.Timeout)
	} else {
		before := until(records, times[opts.RestoreBegan])
		v.judgeHistory(before, history.Operations(before), 0, opts.Timeout)
		v.judgeLost(operations, times[opts.RestoredTo])
	}
	from, to := int64(0), int64(math.MaxInt64)
	if opts.GapFrom != "" {
		from = times[opts.GapFrom]
	}
	if opts.GapTo != "" {
		to = times[opts.GapTo]
	}
	v.Gaps = gaps(records, from, to)
	v.Phases = phases(records, operations)
	if v.Verdict == "" {
		v.Verdict = Pass
	}
	return v, nil
}

func markTimes(records []history.Record, names ...string) (map[string]int64, error) {
	times := map[string]int64{}
	for _, name := range names {
		if name == "" {
			continue
		}
		at, ok := history.Mark(records, name)
		if !ok {
			return nil, fmt.Errorf("the history has no mark %q", name)
		}
		times[name] = at
	}
	return times, nil
}

func until(records []history.Record, end int64) []history.Record {
	var before []history.Record
	for _, r := range records {
		if r.At <= end {
			before = append(before, r)
		}
	}
	return before
}

func count(records []history.Record, operations []history.Operation) Verdict {
	v := Verdict{Operations: len(operations)}
	for _, o := range operations {
		switch o.Outcome {
		case history.OutcomeOK, history.OutcomeConflict:
			v.Acknowledged++
			if o.Op == history.OpWrite && o.Outcome == history.OutcomeOK {
				v.Writes++
			}
		case history.OutcomeUnknown:
			v.Unknown++
		}
	}
	for _, r := range records {
		v.Seconds = max(v.Seconds, seconds(r.At))
		if r.Kind == history.KindWatch && r.Value != "" {
			v.WatchEvents++
		}
	}
	return v
}

func (v *Verdict) judgeLoad(operations []history.Operation, at int64, opts Options) {
	if opts.LoadBefore == "" {
		return
	}
	from := max(0, at-opts.Window.Nanoseconds())
	answered := 0
	for _, o := range operations {
		if o.Return >= from && o.Return < at && (o.Outcome == history.OutcomeOK || o.Outcome == history.OutcomeConflict) {
			answered++
		}
	}
	v.RateBefore = float64(answered) / seconds(max(1, at-from))
	if v.RateBefore < opts.MinRate {
		v.say(Void, "%.1f requests a second before %q, %.0f needed", v.RateBefore, opts.LoadBefore, opts.MinRate)
	}
}

// judgeHistory applies every check; lostUntil 0 leaves out the one that needs the final reads.
func (v *Verdict) judgeHistory(records []history.Record, operations []history.Operation, lostUntil int64, timeout time.Duration) {
	var unfinished []string
	v.NotLinearizable, unfinished = linearizable(operations, timeout)
	for _, c := range v.NotLinearizable {
		v.say(Fail, "%s is not linearizable", c.Key)
	}
	for _, key := range unfinished {
		v.say(Void, "no answer for %s within %s", key, timeout)
	}
	v.OutOfOrder = outOfOrder(operations)
	if n := len(v.OutOfOrder); n > 0 {
		v.say(Fail, "%d revisions out of order, first: %s", n, v.OutOfOrder[0])
		v.OutOfOrder = v.OutOfOrder[:min(n, 10)]
	}
	v.Watch = watched(records, operations)
	if n := len(v.Watch); n > 0 {
		v.say(Fail, "%d breaches by the watch, first: %s", n, v.Watch[0])
		v.Watch = v.Watch[:min(n, 10)]
	}
	if lostUntil > 0 {
		v.judgeLost(operations, lostUntil)
	}
}

func (v *Verdict) judgeLost(operations []history.Operation, until int64) {
	missing, unread := lost(operations, until)
	v.LostCount = len(missing)
	v.Lost = missing[:min(len(missing), 10)]
	if v.LostCount > 0 {
		v.say(Fail, "%d acknowledged writes lost, first: %s", v.LostCount, missing[0].Why)
	}
	for _, key := range unread {
		v.say(Void, "%s has no final read", key)
	}
	if len(operations) == 0 {
		v.say(Void, "the history has no operation")
	}
}

// say adds a reason; a failure outweighs void.
func (v *Verdict) say(verdict, format string, args ...any) {
	if v.Verdict != Fail {
		v.Verdict = verdict
	}
	v.Reasons = append(v.Reasons, fmt.Sprintf(format, args...))
}
