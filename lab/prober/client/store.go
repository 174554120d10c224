// Package client makes the load: it reads and writes registers, keeps a watch, and probes for gaps.
package client

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// Store is one client's view of a set of registers. Each worker has its own, hence its own connection.
type Store interface {
	// Read returns "" and 0 for an absent key.
	Read(ctx context.Context, key string) (value string, revision int64, err error)
	// Write sets the value if the key still has that revision (0: absent). The error explains every
	// outcome but "ok".
	Write(ctx context.Context, key string, revision int64, value string) (newRevision int64, outcome string, err error)
	// Refresh gives up the connection after an error, as a client with several endpoints would.
	Refresh()
	Close()
}

// Watcher streams the changes of all registers.
type Watcher interface {
	// Watch calls back until ctx ends. It reconnects by itself.
	Watch(ctx context.Context, event func(event, key, value string, revision int64))
}

// Target makes stores; it is Kubernetes or etcd.
type Target interface {
	Watcher
	Name() string
	Endpoints() []string
	// Store of a worker; workers are spread over the endpoints.
	Store(worker int) (Store, error)
	// Prepare makes what the registers live in. Safe to repeat.
	Prepare(ctx context.Context) error
	// Remove deletes all that the run made.
	Remove(ctx context.Context, keys []string) error
}

// brief makes the same failure read the same, without addresses and ports, so that it can be counted.
func brief(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	}
	text := err.Error()
	if i := strings.LastIndex(text, "\": "); i >= 0 {
		text = text[i+3:]
	}
	return text[:min(len(text), 160)]
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// sleep returns false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
