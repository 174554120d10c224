package check

import (
	"fmt"
	"sort"

	"quorum.local/prober/history"
)

// Lost is an acknowledged write that the final value does not descend from. Every write replaces a
// value that its writer had read, so the values of a register form one chain and nothing that was
// ever acknowledged may be missing from it.
type Lost struct {
	Write history.Operation `json:"write"`
	Final string            `json:"final"`
	Why   string            `json:"why"`
}

// lost walks back from the final value of each key. Only writes acknowledged before `until` count.
func lost(operations []history.Operation, until int64) (missing []Lost, unread []string) {
	writer := map[string]history.Operation{}
	final := map[string]history.Operation{}
	keys := map[string]bool{}
	for _, o := range operations {
		keys[o.Key] = true
		if o.Op == history.OpWrite && o.Outcome != history.OutcomeFailed && o.Outcome != history.OutcomeConflict {
			writer[o.Key+"\x00"+o.Value] = o
		}
		if o.Final && o.Outcome == history.OutcomeOK {
			final[o.Key] = o
		}
	}
	chain := map[string]bool{}
	for _, key := range sortedKeys(keys) {
		end, read := final[key]
		if !read {
			unread = append(unread, key)
			continue
		}
		for value := end.Value; value != ""; {
			id := key + "\x00" + value
			if chain[id] {
				break
			}
			chain[id] = true
			value = writer[id].Expect
		}
	}
	for _, o := range operations {
		acknowledged := o.Op == history.OpWrite && o.Outcome == history.OutcomeOK && o.Return <= until
		end, read := final[o.Key]
		if acknowledged && read && o.Return < end.Call && !chain[o.Key+"\x00"+o.Value] {
			missing = append(missing, Lost{Write: o, Final: end.Value, Why: fmt.Sprintf(
				"%q was acknowledged at %.3f s, but the final value %q was not made from it", o.Value, seconds(o.Return), end.Value)})
		}
	}
	return missing, unread
}

// outOfOrder finds writes whose revision is not above that of a write acknowledged before they
// began (revisions count for the whole store, so this orders across keys), and values that were
// seen under two revisions (written twice).
func outOfOrder(operations []history.Operation) []string {
	var problems []string
	writes := acknowledgedWrites(operations)
	byReturn := append([]history.Operation(nil), writes...)
	sort.Slice(byReturn, func(i, j int) bool { return byReturn[i].Return < byReturn[j].Return })
	sort.Slice(writes, func(i, j int) bool { return writes[i].Call < writes[j].Call })
	next := 0
	var newest history.Operation
	for _, o := range writes {
		for next < len(byReturn) && byReturn[next].Return < o.Call {
			if byReturn[next].Revision > newest.Revision {
				newest = byReturn[next]
			}
			next++
		}
		if newest.Revision >= o.Revision {
			problems = append(problems, fmt.Sprintf("write %q got revision %d, but %q had %d before it began",
				o.Value, o.Revision, newest.Value, newest.Revision))
		}
	}
	revision := map[string]int64{}
	for _, o := range operations {
		if o.Outcome != history.OutcomeOK || o.Revision == 0 || o.Value == "" {
			continue
		}
		if known, ok := revision[o.Value]; ok && known != o.Revision {
			problems = append(problems, fmt.Sprintf("value %q was seen at revisions %d and %d", o.Value, known, o.Revision))
		}
		revision[o.Value] = o.Revision
	}
	return problems
}

func acknowledgedWrites(operations []history.Operation) []history.Operation {
	var writes []history.Operation
	for _, o := range operations {
		if o.Op == history.OpWrite && o.Outcome == history.OutcomeOK && o.Revision > 0 {
			writes = append(writes, o)
		}
	}
	return writes
}

func seconds(ns int64) float64 { return float64(ns) / 1e9 }
