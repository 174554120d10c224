package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"quorum.local/prober/history"
)

// Etcd keeps each register in a key of its own and pins each worker to one member, so that a member
// with a view of its own is found out.
type Etcd struct {
	Members []string
	TLS     *tls.Config
	Run     string
}

// LoadEtcdTLS reads PEM files; all empty means plain text.
func LoadEtcdTLS(ca, cert, key string) (*tls.Config, error) {
	if ca == "" && cert == "" {
		return nil, nil
	}
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: no certificate", ca)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

func (e *Etcd) Name() string        { return "etcd" }
func (e *Etcd) Endpoints() []string { return e.Members }
func (e *Etcd) prefix() string      { return "/quorum-prober/" + e.Run + "/" }

func (e *Etcd) client(members ...string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints: members, TLS: e.TLS, DialTimeout: 2 * time.Second, Logger: zap.NewNop(),
		DialKeepAliveTime: 30 * time.Second, DialKeepAliveTimeout: 10 * time.Second, // as kube-apiserver has it
	})
}

// Prepare has nothing to make.
func (e *Etcd) Prepare(context.Context) error { return nil }

// Remove deletes all keys of the run.
func (e *Etcd) Remove(ctx context.Context, _ []string) error {
	client, err := e.client(e.Members...)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.Delete(ctx, e.prefix(), clientv3.WithPrefix())
	return err
}

// Store of a worker, pinned to one member.
func (e *Etcd) Store(worker int) (Store, error) {
	client, err := e.client(e.Members[worker%len(e.Members)])
	return &etcdStore{e, client}, err
}

// Watch follows over all members; the client library reconnects.
func (e *Etcd) Watch(ctx context.Context, event func(event, key, value string, revision int64)) {
	client, err := e.client(e.Members...)
	if err != nil {
		return
	}
	defer client.Close()
	revision, started := int64(0), history.WatchStarted
	for ctx.Err() == nil {
		if revision == 0 {
			got, err := client.Get(ctx, e.prefix())
			if err != nil {
				sleep(ctx, 250*time.Millisecond)
				continue
			}
			revision = got.Header.Revision
			event(started, "", "", revision)
			started = history.WatchRelisted
		}
		compacted := false
		for got := range client.Watch(ctx, e.prefix(), clientv3.WithPrefix(), clientv3.WithRev(revision+1)) {
			compacted = got.CompactRevision != 0
			for _, one := range got.Events {
				revision = one.Kv.ModRevision
				event("MODIFIED", strings.TrimPrefix(string(one.Kv.Key), e.prefix()), string(one.Kv.Value), revision)
			}
		}
		if compacted {
			revision = 0
		} else if ctx.Err() == nil {
			event(history.WatchRestart, "", "", revision)
		}
		sleep(ctx, 250*time.Millisecond)
	}
}

type etcdStore struct {
	*Etcd
	client *clientv3.Client
}

func (s *etcdStore) Read(ctx context.Context, key string) (string, int64, error) {
	got, err := s.client.Get(ctx, s.prefix()+key)
	if err != nil || len(got.Kvs) == 0 {
		return "", 0, err
	}
	return string(got.Kvs[0].Value), got.Kvs[0].ModRevision, nil
}

func (s *etcdStore) Write(ctx context.Context, key string, revision int64, value string) (int64, string, error) {
	name := s.prefix() + key
	got, err := s.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(name), "=", revision)).
		Then(clientv3.OpPut(name, value)).Commit()
	switch {
	case err != nil:
		return 0, history.OutcomeUnknown, err
	case !got.Succeeded:
		return 0, history.OutcomeConflict, errors.New("the value had changed")
	default:
		return got.Header.Revision, history.OutcomeOK, nil
	}
}

// Refresh has nothing to do: the worker stays with its member.
func (s *etcdStore) Refresh() {}
func (s *etcdStore) Close()   { _ = s.client.Close() }
