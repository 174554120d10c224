package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"quorum.local/prober/history"
)

// Ways to forget: saboteurs of the check, which must turn it red.
const (
	ForgetWrites  = "writes"  // says that a write was acknowledged that was never sent
	ForgetRecords = "records" // leaves an acknowledged write out of the history
)

// Load is what to do, how fast and how long.
type Load struct {
	Target  Target
	History *history.Writer
	Keys    int
	Workers int
	// Rate is requests a second over all workers; the load is open-loop up to Workers in flight.
	Rate float64
	// Deadline of one request. After it a write counts as unknown.
	Deadline      time.Duration
	MaxOperations int64
	Seed          uint64
	Forget        string

	answered atomic.Int64
	written  atomic.Int64
	unknown  atomic.Int64
	started  atomic.Int64
	values   atomic.Int64
}

// Counts are requests so far; Written are acknowledged writes.
type Counts struct{ Answered, Written, Unknown int64 }

// Counts returns what was done so far.
func (l *Load) Counts() Counts {
	return Counts{l.answered.Load(), l.written.Load(), l.unknown.Load()}
}

// KeyNames of the registers.
func (l *Load) KeyNames() []string {
	names := make([]string, l.Keys)
	for i := range names {
		names[i] = fmt.Sprintf("register-%02d", i)
	}
	return names
}

// Prepare writes the first value of each register.
func (l *Load) Prepare(ctx context.Context) error {
	return l.eachKey(ctx, func(store Store, key string) error {
		value, revision, err := l.read(ctx, store, 0, key, false)
		if err != nil || value != "" {
			return err
		}
		return l.write(ctx, store, 0, key, value, revision, false)
	})
}

// eachKey repeats work for every key until it succeeds or ctx ends, on another endpoint each time.
func (l *Load) eachKey(ctx context.Context, work func(store Store, key string) error) error {
	endpoint := 0
	for _, key := range l.KeyNames() {
		for {
			store, err := l.Target.Store(endpoint)
			if err != nil {
				return err
			}
			err = work(store, key)
			store.Close()
			if err == nil {
				break
			}
			if !sleep(ctx, 200*time.Millisecond) {
				return fmt.Errorf("no answer for %s: %w", key, err)
			}
			endpoint++
		}
	}
	return nil
}

// Run makes load until ctx ends or MaxOperations were started.
func (l *Load) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tokens := make(chan struct{}, l.Workers)
	go l.pace(ctx, cancel, tokens)
	var workers sync.WaitGroup
	problems := make([]error, l.Workers)
	for i := range l.Workers {
		workers.Go(func() { problems[i] = l.work(ctx, i+1, tokens) })
	}
	workers.Wait()
	return errors.Join(problems...)
}

func (l *Load) pace(ctx context.Context, cancel context.CancelFunc, tokens chan<- struct{}) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / l.Rate))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if l.started.Load() >= l.MaxOperations {
			cancel()
			return
		}
		select {
		case tokens <- struct{}{}:
		default: // every worker is busy
		}
	}
}

func (l *Load) work(ctx context.Context, worker int, tokens <-chan struct{}) error {
	store, err := l.Target.Store(worker)
	if err != nil {
		return err
	}
	defer store.Close()
	random := rand.New(rand.NewPCG(l.Seed, uint64(worker)))
	keys := l.KeyNames()
	take := func() bool {
		select {
		case <-ctx.Done():
			return false
		case <-tokens:
			return true
		}
	}
	// Requests outlive ctx by their deadline at most: the end of a run must not make outcomes unknown.
	requests := context.WithoutCancel(ctx)
	for take() {
		key := keys[random.IntN(len(keys))]
		value, revision, err := l.read(requests, store, worker, key, false)
		if err != nil {
			continue
		}
		if random.IntN(3) == 0 || !take() {
			continue
		}
		forget := l.Forget != "" && random.IntN(20) == 0
		_ = l.write(requests, store, worker, key, value, revision, forget) // it is in the history
	}
	return nil
}

// FinalReads reads every register after everything else, trying until ctx ends.
func (l *Load) FinalReads(ctx context.Context) (map[string]int64, error) {
	revisions := map[string]int64{}
	err := l.eachKey(ctx, func(store Store, key string) error {
		_, revision, err := l.read(ctx, store, 0, key, true)
		revisions[key] = revision
		return err
	})
	return revisions, err
}

func (l *Load) read(ctx context.Context, store Store, worker int, key string, final bool) (string, int64, error) {
	id := l.begin(history.Record{Worker: worker, Key: key, Op: history.OpRead, Final: final})
	limited, cancel := context.WithTimeout(ctx, l.Deadline)
	defer cancel()
	value, revision, err := store.Read(limited, key)
	outcome := history.OutcomeOK
	if err != nil {
		outcome = history.OutcomeFailed // a read without an answer has no effect
		store.Refresh()
	} else {
		l.answered.Add(1)
	}
	l.History.Add(history.Record{Kind: history.KindDone, ID: id, Value: value, Revision: revision, Outcome: outcome, Error: brief(err)})
	return value, revision, err
}

func (l *Load) write(ctx context.Context, store Store, worker int, key, expect string, revision int64, forget bool) error {
	value := fmt.Sprintf("%d-%d", worker, l.values.Add(1))
	limited, cancel := context.WithTimeout(ctx, l.Deadline)
	defer cancel()
	if forget && l.Forget == ForgetRecords {
		_, _, err := store.Write(limited, key, revision, value)
		return err
	}
	id := l.begin(history.Record{Worker: worker, Key: key, Op: history.OpWrite, Expect: expect, Value: value})
	if forget {
		l.History.Add(history.Record{Kind: history.KindDone, ID: id, Outcome: history.OutcomeOK})
		return nil
	}
	newRevision, outcome, err := store.Write(limited, key, revision, value)
	switch outcome {
	case history.OutcomeOK:
		l.answered.Add(1)
		l.written.Add(1)
	case history.OutcomeConflict:
		l.answered.Add(1)
	default:
		if outcome == history.OutcomeUnknown {
			l.unknown.Add(1)
		}
		store.Refresh()
	}
	l.History.Add(history.Record{Kind: history.KindDone, ID: id, Revision: newRevision, Outcome: outcome, Error: brief(err)})
	return err
}

func (l *Load) begin(r history.Record) int64 {
	l.started.Add(1)
	r.Kind, r.ID = history.KindInvoke, l.History.NextID()
	l.History.Add(r)
	return r.ID
}
