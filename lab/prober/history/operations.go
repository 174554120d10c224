package history

import "math"

// Never is the return time of an operation whose answer never came.
const Never = math.MaxInt64

// Operation is an invocation joined with its outcome.
type Operation struct {
	ID       int64  `json:"id"`
	Worker   int    `json:"worker"`
	Key      string `json:"key"`
	Op       string `json:"op"`
	Expect   string `json:"expect,omitempty"`
	Value    string `json:"value,omitempty"` // written or read
	Revision int64  `json:"revision,omitempty"`
	Call     int64  `json:"callNs"`
	Return   int64  `json:"returnNs"`
	Outcome  string `json:"outcome"`
	Error    string `json:"error,omitempty"`
	Final    bool   `json:"final,omitempty"`
}

// Operations joins invocations and outcomes, in order of invocation.
func Operations(records []Record) []Operation {
	var operations []Operation
	position := map[int64]int{}
	for _, r := range records {
		switch r.Kind {
		case KindInvoke:
			position[r.ID] = len(operations)
			operations = append(operations, Operation{
				ID: r.ID, Worker: r.Worker, Key: r.Key, Op: r.Op, Expect: r.Expect, Value: r.Value,
				Call: r.At, Return: Never, Outcome: OutcomeUnknown, Final: r.Final,
			})
		case KindDone:
			i, known := position[r.ID]
			if !known {
				continue
			}
			o := &operations[i]
			o.Outcome, o.Error, o.Revision = r.Outcome, r.Error, r.Revision
			if r.Outcome != OutcomeUnknown {
				o.Return = r.At
			}
			if o.Op == OpRead {
				o.Value = r.Value
			}
		}
	}
	return operations
}

// Mark returns the time of the first mark of that name.
func Mark(records []Record, name string) (int64, bool) {
	for _, r := range records {
		if r.Kind == KindMark && r.Name == name {
			return r.At, true
		}
	}
	return 0, false
}
