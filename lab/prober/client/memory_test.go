package client

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"quorum.local/prober/check"
	"quorum.local/prober/history"
)

// memory is a register store without faults, unless a test breaks it.
type memory struct {
	mu       sync.Mutex
	values   map[string]string
	versions map[string]int64
	revision int64
	breakage func(n int64) string // "", "stale", "lose" or "silent", by number of the request
	previous map[string]string
	requests int64
}

func newMemory() *memory {
	return &memory{values: map[string]string{}, versions: map[string]int64{}, previous: map[string]string{},
		breakage: func(int64) string { return "" }}
}

func (m *memory) Name() string                                                     { return "memory" }
func (m *memory) Endpoints() []string                                              { return nil }
func (m *memory) Store(int) (Store, error)                                         { return m, nil }
func (m *memory) Prepare(context.Context) error                                    { return nil }
func (m *memory) Remove(context.Context, []string) error                           { return nil }
func (m *memory) Watch(context.Context, func(event, key, value string, rev int64)) {}
func (m *memory) Refresh()                                                         {}
func (m *memory) Close()                                                           {}

func (m *memory) Read(_ context.Context, key string) (string, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	if m.breakage(m.requests) == "stale" {
		return m.previous[key], m.versions[key], nil
	}
	return m.values[key], m.versions[key], nil
}

func (m *memory) Write(_ context.Context, key string, revision int64, value string) (int64, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	if m.versions[key] != revision {
		return 0, history.OutcomeConflict, errors.New("conflict")
	}
	m.revision++
	breakage := m.breakage(m.requests)
	if breakage != "lose" {
		m.previous[key] = m.values[key]
		m.values[key], m.versions[key] = value, m.revision
	}
	if breakage == "silent" {
		return 0, history.OutcomeUnknown, errors.New("no answer")
	}
	return m.revision, history.OutcomeOK, nil
}

func verdictOf(t *testing.T, store *memory, forget string) check.Verdict {
	t.Helper()
	var text bytes.Buffer
	writer := history.NewWriter(&text)
	load := &Load{Target: store, History: writer, Keys: 4, Workers: 4, Rate: 4000, Deadline: time.Second,
		MaxOperations: 1500, Seed: 7, Forget: forget}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := load.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	if err := load.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := load.FinalReads(ctx); err != nil {
		t.Fatal(err)
	}
	if err := writer.Flush(); err != nil {
		t.Fatal(err)
	}
	records, err := history.Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := check.Check(records, check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func want(t *testing.T, v check.Verdict, verdict string) {
	t.Helper()
	if v.Verdict != verdict {
		t.Errorf("verdict %q because %q, wanted %q", v.Verdict, v.Reasons, verdict)
	}
}

func TestSoundStorePasses(t *testing.T) {
	v := verdictOf(t, newMemory(), "")
	want(t, v, check.Pass)
	if v.Writes < 300 {
		t.Errorf("only %d acknowledged writes: the load does not write", v.Writes)
	}
}

func TestAnswersThatGetLostDoNotFailASoundStore(t *testing.T) {
	store := newMemory()
	store.breakage = func(n int64) string {
		if n%9 == 0 {
			return "silent"
		}
		return ""
	}
	v := verdictOf(t, store, "")
	want(t, v, check.Pass)
	if v.Unknown == 0 {
		t.Error("no answer was lost")
	}
}

func TestBrokenStoresFail(t *testing.T) {
	for _, breakage := range []string{"stale", "lose"} {
		store := newMemory()
		store.breakage = func(n int64) string {
			if n > 500 && n%50 == 0 {
				return breakage
			}
			return ""
		}
		want(t, verdictOf(t, store, ""), check.Fail)
	}
}

func TestForgetfulClientFails(t *testing.T) {
	for _, forget := range []string{ForgetWrites, ForgetRecords} {
		want(t, verdictOf(t, newMemory(), forget), check.Fail)
	}
}
