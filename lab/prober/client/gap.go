package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"quorum.local/prober/history"
)

// Gap probing: one try every probeInterval, each with probeDeadline, no matter how the earlier fared.
const (
	probeInterval = 100 * time.Millisecond
	probeDeadline = time.Second
	// Tries in flight at once write to different objects, so that they do not conflict.
	probeObjects = 20
)

// GapProber tries writes (and reads) through a new connection each, or through one that it keeps.
type GapProber struct {
	Kubernetes *Kubernetes
	History    *history.Writer
	Connection string
	Op         string
}

func (p *GapProber) key(i int) string {
	return fmt.Sprintf("probe-%s-%s-%02d", p.Connection, p.Op, i%probeObjects)
}

// Keys are the objects it writes.
func (p *GapProber) Keys() []string {
	keys := make([]string, probeObjects)
	for i := range keys {
		keys[i] = p.key(i)
	}
	return keys
}

// Prepare makes the objects.
func (p *GapProber) Prepare(ctx context.Context) error {
	k := p.Kubernetes
	e := k.endpoint(k.Access.Servers[0], true)
	defer e.close()
	for _, key := range p.Keys() {
		for {
			err := e.do(ctx, http.MethodPost, k.collection(), "application/json", k.register(key, "", "", false), nil)
			if err == nil || hasCode(err, http.StatusConflict) {
				break
			}
			if !sleep(ctx, 200*time.Millisecond) {
				return err
			}
		}
	}
	return nil
}

// Run probes until ctx ends.
func (p *GapProber) Run(ctx context.Context) {
	k := p.Kubernetes
	kept := k.endpoint(k.Access.Servers[0], true)
	defer kept.close()
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		inFlight.Go(func() { p.probe(kept, i) })
	}
}

func (p *GapProber) probe(kept *endpoint, i int) {
	start := time.Now()
	err := p.try(kept, i)
	r := history.Record{Kind: history.KindProbe, Connection: p.Connection, Op: p.Op,
		Took: time.Since(start).Nanoseconds(), Outcome: history.OutcomeOK}
	if err != nil {
		r.Outcome, r.Error, r.Retry = history.OutcomeFailed, brief(err), history.OutcomeOK
		if again := p.try(kept, i); again != nil {
			r.Retry = brief(again)
		}
	}
	p.History.AddAt(start, r)
}

func (p *GapProber) try(kept *endpoint, i int) error {
	k, e := p.Kubernetes, kept
	if p.Connection == history.ConnectionNew {
		e = k.endpoint(k.Access.Servers[0], false)
		defer e.close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeDeadline)
	defer cancel()
	if p.Op == history.OpRead {
		return e.do(ctx, http.MethodGet, k.object(p.key(i)), "", nil, nil)
	}
	patch := map[string]any{"data": map[string]string{"value": fmt.Sprint(i)}}
	return e.do(ctx, http.MethodPatch, k.object(p.key(i)), "application/merge-patch+json", patch, nil)
}
