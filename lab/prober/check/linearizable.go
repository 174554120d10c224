package check

import (
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"

	"quorum.local/prober/history"
)

// register is the model of one key: a value that compare-and-set replaces. A write of unknown
// outcome takes effect if the value is the expected one where it is placed, and else has none.
var register = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		value, o := state.(string), input.(history.Operation)
		if o.Op == history.OpRead {
			return o.Value == value, value
		}
		switch o.Outcome {
		case history.OutcomeOK:
			return o.Expect == value, o.Value
		case history.OutcomeConflict:
			return o.Expect != value, value
		default:
			if o.Expect == value {
				return true, o.Value
			}
			return true, value
		}
	},
	DescribeOperation: func(input, _ any) string { return describe(input.(history.Operation)) },
	DescribeState:     func(state any) string { return fmt.Sprintf("%q", state) },
}

func describe(o history.Operation) string {
	if o.Op == history.OpRead {
		return fmt.Sprintf("read -> %q", o.Value)
	}
	return fmt.Sprintf("write %q over %q -> %s", o.Value, o.Expect, o.Outcome)
}

// Counterexample is a register whose history no order of its operations explains.
type Counterexample struct {
	Key string `json:"key"`
	// Explained is the end of the longest order found; Stuck are operations that had to come next.
	Explained []string            `json:"explained"`
	Stuck     []history.Operation `json:"stuck"`
}

// linearizable checks each key alone (registers are independent). Unfinished are keys that the
// time-out left undecided.
func linearizable(operations []history.Operation, timeout time.Duration) (found []Counterexample, unfinished []string) {
	byKey := map[string][]history.Operation{}
	for _, o := range operations {
		byKey[o.Key] = append(byKey[o.Key], o)
	}
	for _, key := range sortedKeys(byKey) {
		ops := toPorcupine(relevant(byKey[key]))
		result, info := porcupine.CheckOperationsVerbose(register, ops, timeout)
		switch result {
		case porcupine.Unknown:
			unfinished = append(unfinished, key)
		case porcupine.Illegal:
			found = append(found, explain(key, ops, info))
		}
	}
	return found, unfinished
}

// relevant drops what carries no information (failed operations, reads of unknown outcome) and
// keeps the search small without changing its answer: a write of unknown outcome whose value was
// seen must have taken effect before that sighting ended; one whose value was never seen cannot
// have taken effect before the final read, which came after everything else.
func relevant(operations []history.Operation) []history.Operation {
	seenBy := map[string]int64{}
	finalCall := int64(-1)
	for _, o := range operations {
		if o.Op == history.OpRead && o.Outcome == history.OutcomeOK {
			noteEarliest(seenBy, o.Value, o.Return)
			if o.Final && o.Call > finalCall {
				finalCall = o.Call
			}
		}
		if o.Op == history.OpWrite && o.Outcome == history.OutcomeOK {
			noteEarliest(seenBy, o.Expect, o.Return)
		}
	}
	var kept []history.Operation
	for _, o := range operations {
		switch {
		case o.Outcome == history.OutcomeFailed:
		case o.Op == history.OpRead && o.Outcome == history.OutcomeUnknown:
		case o.Outcome == history.OutcomeUnknown:
			sighting, seen := seenBy[o.Value]
			if seen && sighting > o.Call {
				o.Return = sighting
				kept = append(kept, o)
			} else if seen || o.Call > finalCall {
				kept = append(kept, o)
			}
		default:
			kept = append(kept, o)
		}
	}
	return kept
}

func noteEarliest(times map[string]int64, value string, at int64) {
	if known, ok := times[value]; !ok || at < known {
		times[value] = at
	}
}

func toPorcupine(operations []history.Operation) []porcupine.Operation {
	ops := make([]porcupine.Operation, len(operations))
	for i, o := range operations {
		ops[i] = porcupine.Operation{ClientId: o.Worker, Input: o, Call: o.Call, Return: o.Return}
	}
	return ops
}

func explain(key string, ops []porcupine.Operation, info porcupine.LinearizationInfo) Counterexample {
	var longest []porcupine.Operation
	for _, partition := range info.PartialLinearizationsOperations() {
		for _, order := range partition {
			if len(order) > len(longest) {
				longest = order
			}
		}
	}
	explained := map[int64]bool{}
	for _, o := range longest {
		explained[o.Input.(history.Operation).ID] = true
	}
	firstReturn := int64(math.MaxInt64)
	for _, o := range ops {
		if !explained[o.Input.(history.Operation).ID] && o.Return < firstReturn {
			firstReturn = o.Return
		}
	}
	example := Counterexample{Key: key}
	for _, o := range longest[max(0, len(longest)-5):] {
		example.Explained = append(example.Explained, describe(o.Input.(history.Operation)))
	}
	for _, o := range ops {
		if in := o.Input.(history.Operation); !explained[in.ID] && o.Call <= firstReturn && len(example.Stuck) < 8 {
			example.Stuck = append(example.Stuck, in)
		}
	}
	return example
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
