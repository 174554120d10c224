// Package history is what the measuring client saw: every request it made, when, and what it was
// told. One JSON object per line; a line is written before a request leaves and another when its
// answer is in, so a client that dies leaves its requests in flight as what they are: unknown.
package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// Kinds of line.
const (
	KindHeader = "header" // first line: what was asked for
	KindInvoke = "invoke" // a request on a register leaves
	KindDone   = "done"   // its answer is in
	KindMark   = "mark"   // something that the conductor of the run did, e.g. "injected"
	KindProbe  = "probe"  // one try of a gap prober, start and end in one line
	KindWatch  = "watch"  // one event of the watch
)

// Operations on a register.
const (
	OpRead  = "read"
	OpWrite = "write" // compare-and-set: Expect must be the present value; "" means absent
)

// Outcomes of an operation.
const (
	OutcomeOK       = "ok"
	OutcomeConflict = "conflict" // a write that was refused because the value was not the expected one
	OutcomeFailed   = "failed"   // certainly without effect
	OutcomeUnknown  = "unknown"  // may take effect at any later time, or never
)

// Connections of the gap probers.
const (
	ConnectionNew    = "new"
	ConnectionReused = "reused"
)

// Watch events besides ADDED, MODIFIED and DELETED.
const (
	WatchStarted  = "STARTED"  // from Revision on, nothing may be missing
	WatchRestart  = "RESTART"  // the stream broke and goes on after Revision
	WatchRelisted = "RELISTED" // the server no longer had the past; events before Revision may be missing
)

// MarkWatchBehind is set by the client when the watch had not shown the final values in time.
const MarkWatchBehind = "watch-behind"

// Record is one line. At is nanoseconds on the client's monotonic clock since its start.
type Record struct {
	Kind string `json:"kind"`
	At   int64  `json:"at"`

	Header *Header `json:"header,omitempty"`

	ID       int64  `json:"id,omitempty"`
	Worker   int    `json:"worker,omitempty"`
	Key      string `json:"key,omitempty"`
	Op       string `json:"op,omitempty"`
	Expect   string `json:"expect,omitempty"`
	Value    string `json:"value,omitempty"`
	Revision int64  `json:"revision,omitempty"`
	Final    bool   `json:"final,omitempty"`
	Outcome  string `json:"outcome,omitempty"`
	Error    string `json:"error,omitempty"`

	Name string `json:"name,omitempty"` // of a mark

	Connection string `json:"connection,omitempty"` // of a probe
	Took       int64  `json:"took,omitempty"`       // nanoseconds
	Retry      string `json:"retry,omitempty"`      // outcome of the one retry after a failed probe

	Event string `json:"event,omitempty"` // of a watch
}

// Header says what was asked of the client.
type Header struct {
	StartedAt time.Time `json:"startedAt"`
	Target    string    `json:"target"` // "kubernetes" or "etcd"
	Endpoints []string  `json:"endpoints"`
	Run       string    `json:"run"`
	Keys      int       `json:"keys"`
	Workers   int       `json:"workers"`
	Rate      float64   `json:"rate"` // requests a second, asked for
	Seed      uint64    `json:"seed"`
	Forget    string    `json:"forget,omitempty"`
}

// Writer appends records. It is safe for concurrent use; lines are in order of At.
type Writer struct {
	mu     sync.Mutex
	out    *bufio.Writer
	enc    *json.Encoder
	start  time.Time
	nextID int64
	err    error
}

// NewWriter starts the clock.
func NewWriter(out io.Writer) *Writer {
	buffered := bufio.NewWriterSize(out, 1<<16)
	return &Writer{out: buffered, enc: json.NewEncoder(buffered), start: time.Now()}
}

// Add stamps the record with the present time and writes it. It returns the stamp.
func (w *Writer) Add(r Record) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.At = time.Since(w.start).Nanoseconds()
	w.write(r)
	return r.At
}

// AddAt writes a record whose time was taken earlier, e.g. the start of a probe.
func (w *Writer) AddAt(at time.Time, r Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.At = at.Sub(w.start).Nanoseconds()
	w.write(r)
}

// NextID numbers the requests from 1.
func (w *Writer) NextID() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nextID++
	return w.nextID
}

// Flush writes out what is buffered and returns the first error of any write.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.out.Flush(); err != nil && w.err == nil {
		w.err = err
	}
	return w.err
}

func (w *Writer) write(r Record) {
	if err := w.enc.Encode(r); err != nil && w.err == nil {
		w.err = err
	}
}

// Read returns all records. A torn last line (the client was killed) is dropped, any other is an error.
func Read(in io.Reader) ([]Record, error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 1<<16), 1<<24)
	var records []Record
	var torn error
	for line := 1; scanner.Scan(); line++ {
		if torn != nil {
			return nil, torn
		}
		var r Record
		if err := json.Unmarshal(scanner.Bytes(), &r); err != nil {
			torn = fmt.Errorf("line %d of the history: %w", line, err)
			continue
		}
		records = append(records, r)
	}
	return records, scanner.Err()
}

// ReadFrom returns the records of the lines that begin at the offset or after it.
func ReadFrom(in io.ReadSeeker, offset int64) ([]Record, error) {
	if offset == 0 {
		return Read(in)
	}
	// From the byte before: where a line begins at the offset, no more than the end of the last one is skipped.
	if _, err := in.Seek(offset-1, io.SeekStart); err != nil {
		return nil, err
	}
	buffered := bufio.NewReader(in)
	for {
		switch _, err := buffered.ReadSlice('\n'); err {
		case nil, io.EOF:
			return Read(buffered)
		case bufio.ErrBufferFull: // a line longer than the buffer goes on
		default:
			return nil, err
		}
	}
}
