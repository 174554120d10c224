package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"quorum.local/prober/client"
	"quorum.local/prober/history"
)

type runFlags struct {
	out, kubeconfig, servers, namespace   string
	etcd, etcdCA, etcdCert, etcdKey       string
	run, forget                           string
	keys, workers                         int
	rate                                  float64
	seed                                  uint64
	duration, deadline, settle            time.Duration
	maxOperations                         int64
	gapProbers, readProbers, watch, stdin bool
}

func parseRun(args []string) (*runFlags, error) {
	f := &runFlags{}
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	flags.StringVar(&f.out, "out", "", "history to write")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster")
	flags.StringVar(&f.servers, "server", "", "API servers, comma-separated, instead of the kubeconfig's; workers are spread over them")
	flags.StringVar(&f.namespace, "namespace", "quorum-prober", "namespace of the registers, made where missing")
	flags.StringVar(&f.etcd, "etcd", "", "etcd client URLs, comma-separated: go straight to etcd")
	flags.StringVar(&f.etcdCA, "etcd-ca", "", "CA of etcd's client port")
	flags.StringVar(&f.etcdCert, "etcd-cert", "", "client certificate for etcd")
	flags.StringVar(&f.etcdKey, "etcd-key", "", "key of the client certificate")
	flags.StringVar(&f.run, "run", "", "name of the run, in the names of all objects; default: from the clock")
	flags.StringVar(&f.forget, "forget", "", "saboteur: \"writes\" acknowledges what was never sent, \"records\" leaves writes out")
	flags.IntVar(&f.keys, "keys", 20, "registers")
	flags.IntVar(&f.workers, "workers", 24, "requests in flight at most")
	flags.Float64Var(&f.rate, "rate", 90, "requests a second")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the random choices")
	flags.DurationVar(&f.duration, "duration", 10*time.Minute, "longest run")
	flags.Int64Var(&f.maxOperations, "max-operations", 1_000_000, "most requests")
	flags.DurationVar(&f.deadline, "deadline", 5*time.Second, "deadline of one request")
	flags.DurationVar(&f.settle, "settle", time.Minute, "longest time for preparation, and again for the final reads")
	flags.BoolVar(&f.gapProbers, "gap-probers", true, "probe writes every 100 ms on new and reused connections (Kubernetes only)")
	flags.BoolVar(&f.readProbers, "read-probers", false, "probe reads as well")
	flags.BoolVar(&f.watch, "watch", true, "keep a watch and record its events")
	flags.BoolVar(&f.stdin, "control", false, "take \"mark NAME\" and \"stop\" from standard input; its end stops the run")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.out == "":
		return nil, errors.New("--out is missing")
	case (f.kubeconfig == "") == (f.etcd == ""):
		return nil, errors.New("either --kubeconfig or --etcd is needed")
	case f.forget != "" && f.forget != client.ForgetWrites && f.forget != client.ForgetRecords:
		return nil, fmt.Errorf("--forget %q: \"writes\" or \"records\"", f.forget)
	case f.keys < 1 || f.workers < 1 || f.rate <= 0:
		return nil, errors.New("--keys, --workers and --rate must be positive")
	}
	if f.run == "" {
		f.run = fmt.Sprintf("r%x", time.Now().UnixMilli())
	}
	return f, nil
}

func (f *runFlags) target() (client.Target, error) {
	if f.etcd != "" {
		tls, err := client.LoadEtcdTLS(f.etcdCA, f.etcdCert, f.etcdKey)
		return &client.Etcd{Members: list(f.etcd), TLS: tls, Run: f.run}, err
	}
	access, err := client.LoadKubeconfig(f.kubeconfig, list(f.servers))
	return &client.Kubernetes{Access: access, Namespace: f.namespace, Run: f.run}, err
}

func runCommand(args []string) error {
	f, err := parseRun(args)
	if err != nil {
		return err
	}
	target, err := f.target()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(f.out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	writer := history.NewWriter(file)
	writer.Add(history.Record{Kind: history.KindHeader, Header: &history.Header{
		StartedAt: time.Now(), Target: target.Name(), Endpoints: target.Endpoints(), Run: f.run,
		Keys: f.keys, Workers: f.workers, Rate: f.rate, Seed: f.seed, Forget: f.forget,
	}})
	load := &client.Load{Target: target, History: writer, Keys: f.keys, Workers: f.workers, Rate: f.rate,
		Deadline: f.deadline, MaxOperations: f.maxOperations, Seed: f.seed, Forget: f.forget}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, f.duration)
	defer cancel()
	if f.stdin {
		go control(cancel, writer)
	}
	return errors.Join(f.measure(ctx, target, load, writer), writer.Flush())
}

// measure runs everything until ctx ends, then reads all registers a last time.
func (f *runFlags) measure(ctx context.Context, target client.Target, load *client.Load, writer *history.Writer) error {
	probers := f.probers(target, writer)
	keys := load.KeyNames()
	preparation, cancel := context.WithTimeout(ctx, f.settle)
	defer cancel()
	if err := prepare(preparation, target, load, probers); err != nil {
		return fmt.Errorf("preparation: %w", err)
	}
	for _, p := range probers {
		keys = append(keys, p.Keys()...)
	}
	watching, stopWatch := context.WithCancel(context.Background())
	defer stopWatch()
	seen := &sightings{revision: map[string]int64{}}
	var background sync.WaitGroup
	if f.watch {
		background.Go(func() { target.Watch(watching, seen.record(writer)) })
	}
	var probing sync.WaitGroup
	for _, p := range probers {
		probing.Go(func() { p.Run(ctx) })
	}
	reporting, stopReports := context.WithCancel(ctx)
	go report(reporting, load, writer)
	err := load.Run(ctx)
	stopReports()
	probing.Wait()

	settling, done := context.WithTimeout(context.Background(), f.settle)
	defer done()
	revisions, finalErr := load.FinalReads(settling)
	if f.watch && finalErr == nil && !seen.caughtUp(settling, revisions) {
		finalErr = errors.New("the watch did not catch up")
		writer.Add(history.Record{Kind: history.KindMark, Name: history.MarkWatchBehind})
	}
	stopWatch()
	background.Wait()
	return errors.Join(err, finalErr, target.Remove(settling, keys))
}

func (f *runFlags) probers(target client.Target, writer *history.Writer) []*client.GapProber {
	k, ok := target.(*client.Kubernetes)
	if !ok || !f.gapProbers {
		return nil
	}
	ops := []string{history.OpWrite}
	if f.readProbers {
		ops = append(ops, history.OpRead)
	}
	var probers []*client.GapProber
	for _, op := range ops {
		for _, connection := range []string{history.ConnectionNew, history.ConnectionReused} {
			probers = append(probers, &client.GapProber{Kubernetes: k, History: writer, Connection: connection, Op: op})
		}
	}
	return probers
}

func prepare(ctx context.Context, target client.Target, load *client.Load, probers []*client.GapProber) error {
	if err := target.Prepare(ctx); err != nil {
		return err
	}
	if err := load.Prepare(ctx); err != nil {
		return err
	}
	for _, p := range probers {
		if err := p.Prepare(ctx); err != nil {
			return err
		}
	}
	return nil
}

// control obeys standard input; whoever started the run may die, and the run then ends.
func control(stop context.CancelFunc, writer *history.Writer) {
	defer stop()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		command, name, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch command {
		case "stop":
			return
		case "mark":
			at := writer.Add(history.Record{Kind: history.KindMark, Name: name})
			say(map[string]any{"mark": name, "at": at})
		}
	}
}

// report prints one line a second: requests answered, writes acknowledged and outcomes unknown since
// the line before, and how long ago that really was.
func report(ctx context.Context, load *client.Load, writer *history.Writer) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var before client.Counts
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := load.Counts()
			say(map[string]any{"answered": now.Answered - before.Answered, "written": now.Written - before.Written,
				"unknown": now.Unknown - before.Unknown, "seconds": time.Since(last).Seconds()})
			before, last = now, time.Now()
			_ = writer.Flush() // the error is kept and returned at the end
		}
	}
}

var saying sync.Mutex

func say(line map[string]any) {
	saying.Lock()
	defer saying.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

// sightings is what the watch has shown, by key.
type sightings struct {
	mu       sync.Mutex
	revision map[string]int64
	relisted int64
}

func (s *sightings) record(writer *history.Writer) func(event, key, value string, revision int64) {
	return func(event, key, value string, revision int64) {
		writer.Add(history.Record{Kind: history.KindWatch, Event: event, Key: key, Value: value, Revision: revision})
		s.mu.Lock()
		defer s.mu.Unlock()
		if key != "" {
			s.revision[key] = revision
		} else if event != history.WatchRestart {
			s.relisted = revision
		}
	}
}

// caughtUp waits until the watch has shown the last revision of every key.
func (s *sightings) caughtUp(ctx context.Context, revisions map[string]int64) bool {
	for {
		s.mu.Lock()
		behind := false
		for key, revision := range revisions {
			behind = behind || max(s.revision[key], s.relisted) < revision
		}
		s.mu.Unlock()
		if !behind {
			return true
		}
		timer := time.NewTimer(50 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
}
