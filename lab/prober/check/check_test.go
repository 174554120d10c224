package check

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"quorum.local/prober/history"
)

// story builds a history by hand; time goes on by one millisecond with every line.
type story struct {
	records  []history.Record
	at, id   int64
	revision int64
}

func (s *story) add(r history.Record) {
	s.at += int64(time.Millisecond)
	r.At = s.at
	s.records = append(s.records, r)
}

func (s *story) invoke(r history.Record) int64 {
	s.id++
	r.Kind, r.ID = history.KindInvoke, s.id
	if r.Key == "" {
		r.Key = "x"
	}
	s.add(r)
	return s.id
}

func (s *story) done(id int64, r history.Record) {
	r.Kind, r.ID = history.KindDone, id
	s.add(r)
}

func (s *story) write(expect, value, outcome string) {
	id := s.invoke(history.Record{Op: history.OpWrite, Expect: expect, Value: value})
	r := history.Record{Outcome: outcome}
	if outcome == history.OutcomeOK {
		s.revision++
		r.Revision = s.revision
	}
	s.done(id, r)
}

func (s *story) read(value string, final bool) {
	s.done(s.invoke(history.Record{Op: history.OpRead, Final: final}), history.Record{Outcome: history.OutcomeOK, Value: value})
}

func (s *story) mark(name string) { s.add(history.Record{Kind: history.KindMark, Name: name}) }

func verdictOf(t *testing.T, s *story, opts Options) Verdict {
	t.Helper()
	verdict, err := Check(s.records, opts)
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func want(t *testing.T, v Verdict, verdict, reason string) {
	t.Helper()
	if v.Verdict != verdict || !strings.Contains(strings.Join(v.Reasons, "; "), reason) {
		t.Errorf("verdict %q because %q; wanted %q because %q", v.Verdict, v.Reasons, verdict, reason)
	}
}

func TestFineHistoryPasses(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.read("a", false)
	s.write("a", "b", history.OutcomeOK)
	s.write("a", "c", history.OutcomeConflict)
	s.read("b", true)
	want(t, verdictOf(t, s, Options{}), Pass, "")
}

func TestStaleReadFails(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.write("a", "b", history.OutcomeOK)
	s.read("a", false)
	s.read("b", true)
	v := verdictOf(t, s, Options{})
	want(t, v, Fail, "not linearizable")
	if len(v.NotLinearizable) != 1 || len(v.NotLinearizable[0].Stuck) == 0 {
		t.Fatalf("no counter-example: %+v", v.NotLinearizable)
	}
	if stuck := v.NotLinearizable[0].Stuck[0]; stuck.Op != history.OpRead || stuck.Value != "a" {
		t.Errorf("the counter-example is %+v, not the stale read", stuck)
	}
}

func TestLostWriteFails(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.write("a", "b", history.OutcomeOK)
	s.read("a", true)
	v := verdictOf(t, s, Options{})
	want(t, v, Fail, "1 acknowledged writes lost")
	if v.Lost[0].Write.Value != "b" {
		t.Errorf("lost is %+v", v.Lost[0].Write)
	}
}

func TestWriteThatVanishedUnderALaterOneFails(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.write("a", "b", history.OutcomeOK)
	s.write("a", "c", history.OutcomeOK)
	s.read("c", true)
	want(t, verdictOf(t, s, Options{}), Fail, "lost")
}

func TestValueOutOfThinAirFails(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.read("z", false)
	s.read("a", true)
	want(t, verdictOf(t, s, Options{}), Fail, "not linearizable")
}

func TestUnknownWriteMayTakeEffectLaterOrNever(t *testing.T) {
	late := &story{}
	late.write("", "a", history.OutcomeOK)
	late.write("a", "b", history.OutcomeUnknown)
	late.read("a", false)
	late.read("b", false)
	late.read("b", true)
	want(t, verdictOf(t, late, Options{}), Pass, "")

	never := &story{}
	never.write("", "a", history.OutcomeOK)
	for range 300 {
		never.write("a", "lost", history.OutcomeUnknown)
	}
	never.read("a", true)
	want(t, verdictOf(t, never, Options{}), Pass, "")

	twice := &story{}
	twice.write("", "a", history.OutcomeOK)
	twice.write("a", "b", history.OutcomeUnknown)
	twice.read("b", false)
	twice.read("a", false)
	twice.read("b", true)
	want(t, verdictOf(t, twice, Options{}), Fail, "not linearizable")
}

func TestConflictNeedsAnotherValue(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.write("a", "b", history.OutcomeConflict)
	s.read("a", true)
	want(t, verdictOf(t, s, Options{}), Fail, "not linearizable")
}

func TestRequestsInFlightAtTheEndAreUnknown(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.invoke(history.Record{Op: history.OpWrite, Expect: "a", Value: "b"})
	s.read("b", true)
	want(t, verdictOf(t, s, Options{}), Pass, "")
}

func TestMissingFinalReadIsVoid(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	want(t, verdictOf(t, s, Options{}), Void, "no final read")
	want(t, verdictOf(t, &story{}, Options{}), Void, "no operation")
}

func TestLoadBelowTheFloorIsVoid(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	for range 40 {
		s.at += int64(100 * time.Millisecond)
		s.read("a", false)
	}
	s.mark("injected")
	s.read("a", true)
	opts := Options{LoadBefore: "injected", MinRate: 50, Window: 3 * time.Second}
	want(t, verdictOf(t, s, opts), Void, "50 needed")
	opts.MinRate = 8
	want(t, verdictOf(t, s, opts), Pass, "")
}

func TestRevisionsThatGoBackFail(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.write("a", "b", history.OutcomeOK)
	s.revision = 0
	s.write("b", "c", history.OutcomeOK)
	s.read("c", true)
	want(t, verdictOf(t, s, Options{}), Fail, "out of order")
}

func TestWatchShowsEveryAcknowledgedWriteInOrder(t *testing.T) {
	build := func(events ...int64) *story {
		s := &story{}
		s.write("", "v1", history.OutcomeOK)
		s.add(history.Record{Kind: history.KindWatch, Event: history.WatchStarted, Revision: 1})
		s.write("v1", "v2", history.OutcomeOK)
		s.write("v2", "v3", history.OutcomeOK)
		for _, e := range events {
			s.add(history.Record{Kind: history.KindWatch, Event: "MODIFIED", Key: "x", Value: "v" + string(rune('0'+e)), Revision: e})
		}
		s.read("v3", true)
		return s
	}
	want(t, verdictOf(t, build(2, 3), Options{}), Pass, "")
	want(t, verdictOf(t, build(3), Options{}), Fail, "no event for write")
	want(t, verdictOf(t, build(3, 2), Options{}), Fail, "came after")
	want(t, verdictOf(t, build(2, 2, 3), Options{}), Fail, "came after")
	behind := build(2, 3)
	behind.mark(history.MarkWatchBehind)
	want(t, verdictOf(t, behind, Options{}), Fail, "did not catch up")
}

func TestRestoreKeepsWhatWasBeforeTheSnapshot(t *testing.T) {
	build := func(final string) *story {
		s := &story{}
		s.write("", "a", history.OutcomeOK)
		s.write("a", "b", history.OutcomeOK)
		s.mark("snapshot")
		s.write("b", "c", history.OutcomeOK)
		s.mark("restoring")
		s.read(final, true)
		return s
	}
	opts := Options{RestoredTo: "snapshot", RestoreBegan: "restoring"}
	want(t, verdictOf(t, build("b"), opts), Pass, "")
	want(t, verdictOf(t, build("c"), opts), Pass, "")
	want(t, verdictOf(t, build("a"), opts), Fail, "lost")
}

func TestLongestGapIsFoundPerConnection(t *testing.T) {
	s := &story{}
	probe := func(at, took int64, outcome, retry string) {
		s.records = append(s.records, history.Record{Kind: history.KindProbe, At: at * 1e6, Took: took * 1e6,
			Connection: history.ConnectionNew, Op: history.OpWrite, Outcome: outcome, Retry: retry})
	}
	probe(0, 10, history.OutcomeOK, "")
	probe(100, 10, history.OutcomeOK, "")
	probe(200, 1000, history.OutcomeFailed, "no answer in time")
	probe(300, 5, history.OutcomeFailed, history.OutcomeOK)
	probe(1500, 100, history.OutcomeOK, "")
	g := gaps(s.records, 0, 1<<60)
	if len(g) != 1 || g[0].LongestMs != 1490 || g[0].FromMs != 110 || g[0].Failed != 2 || g[0].FailedTwice != 1 {
		t.Errorf("%+v", g)
	}
}

func TestGapsAreMeasuredBetweenMarksFromTheMiddleOfAHistory(t *testing.T) {
	s := &story{}
	probe := func(at int64) {
		s.records = append(s.records, history.Record{Kind: history.KindProbe, At: at * 1e6, Took: 10e6,
			Connection: history.ConnectionNew, Op: history.OpWrite, Outcome: history.OutcomeOK})
	}
	mark := func(at int64, name string) {
		s.records = append(s.records, history.Record{Kind: history.KindMark, At: at * 1e6, Name: name})
	}
	probe(100)
	probe(5000)
	mark(5050, "from")
	probe(5100)
	probe(5400)
	mark(5500, "to")
	probe(9000)
	var lines []byte
	for _, r := range s.records {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	lines = append(lines, `{"kind":"pro`...) // still being written
	read, err := history.ReadFrom(bytes.NewReader(lines), 10)
	if err != nil || len(read) != len(s.records)-1 {
		t.Fatalf("%d records, %v", len(read), err)
	}
	second := int64(bytes.IndexByte(lines, '\n') + 1)
	if read, err := history.ReadFrom(bytes.NewReader(lines), second); err != nil || len(read) != len(s.records)-1 {
		t.Errorf("from the beginning of a line: %d records, %v", len(read), err)
	}
	g, err := GapsBetween(read, "from", "to")
	if err != nil || len(g) != 1 || g[0].Tries != 2 || g[0].LongestMs != 300 {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := GapsBetween(read, "from", "never"); err == nil {
		t.Error("a mark that is not there was found")
	}
}

func TestPhasesTellWhenWritesWereAcknowledged(t *testing.T) {
	s := &story{}
	s.write("", "a", history.OutcomeOK)
	s.mark("injected")
	s.write("a", "b", history.OutcomeUnknown)
	s.mark("healing")
	s.read("a", false)
	s.write("a", "c", history.OutcomeOK)
	s.read("c", true)
	got := verdictOf(t, s, Options{}).Phases
	if len(got) != 2 || got[0].From != "injected" || got[0].Writes != 0 || got[0].FirstWriteMs != 7 {
		t.Errorf("phase of the fault: %+v", got)
	}
	if len(got) == 2 && (got[1].Writes != 1 || got[1].FirstWriteMs != 4) {
		t.Errorf("phase of the healing: %+v", got[1])
	}
}
