package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"time"

	"quorum.local/prober/history"
)

// Kubernetes keeps each register in a ConfigMap; its resourceVersion is the compare-and-set.
type Kubernetes struct {
	Access    *Access
	Namespace string
	Run       string
}

const runLabel = "prober-run"

func (k *Kubernetes) Name() string        { return "kubernetes" }
func (k *Kubernetes) Endpoints() []string { return k.Access.Servers }

type configMap struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metadata          `json:"metadata"`
	Data       map[string]string `json:"data,omitempty"`
}

type metadata struct {
	Name            string            `json:"name,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
}

// statusError is an answer that is not 2xx.
type statusError struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
	Text   string `json:"message"`
}

func (e *statusError) Error() string { return fmt.Sprintf("HTTP %d %s", e.Code, e.Reason) }

// errNotSent wraps failures before anything left this machine.
var errNotSent = errors.New("not sent")

// endpoint is one connection to one server.
type endpoint struct {
	base   string
	token  string
	client *http.Client
}

func (k *Kubernetes) endpoint(server string, reuse bool) *endpoint {
	return &endpoint{base: server, token: k.Access.Token, client: &http.Client{Transport: k.Access.transport(reuse)}}
}

func (e *endpoint) close() { e.client.CloseIdleConnections() }

// open sends a request and returns the body of a 2xx answer.
func (e *endpoint) open(ctx context.Context, method, path, contentType string, body any) (io.ReadCloser, error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		payload = bytes.NewReader(text)
	}
	sent := false
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	request, err := http.NewRequestWithContext(traced, method, e.base+path, payload)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "quorum-prober")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if e.token != "" {
		request.Header.Set("Authorization", "Bearer "+e.token)
	}
	response, err := e.client.Do(request)
	if err != nil {
		if !sent {
			return nil, errors.Join(err, errNotSent)
		}
		return nil, err
	}
	if response.StatusCode/100 == 2 {
		return response.Body, nil
	}
	defer response.Body.Close()
	failure := &statusError{}
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	_ = json.Unmarshal(text, failure) // a proxy may answer in plain text; the code is enough
	failure.Code = response.StatusCode
	return nil, failure
}

func (e *endpoint) do(ctx context.Context, method, path, contentType string, body, into any) error {
	answer, err := e.open(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	text, err := io.ReadAll(answer)
	if err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

func (k *Kubernetes) collection() string { return "/api/v1/namespaces/" + k.Namespace + "/configmaps" }
func (k *Kubernetes) object(key string) string {
	return k.collection() + "/" + k.Run + "-" + key
}

// register is the object of a key. Probe objects have no label, so the watch does not see them.
func (k *Kubernetes) register(key, value, resourceVersion string, labelled bool) configMap {
	object := configMap{APIVersion: "v1", Kind: "ConfigMap", Data: map[string]string{"value": value},
		Metadata: metadata{Name: k.Run + "-" + key, ResourceVersion: resourceVersion}}
	if labelled {
		object.Metadata.Labels = map[string]string{runLabel: k.Run}
	}
	return object
}

// Prepare makes the namespace.
func (k *Kubernetes) Prepare(ctx context.Context) error {
	e := k.endpoint(k.Access.Servers[0], true)
	defer e.close()
	namespace := configMap{APIVersion: "v1", Kind: "Namespace", Metadata: metadata{Name: k.Namespace}}
	err := e.do(ctx, http.MethodPost, "/api/v1/namespaces", "application/json", namespace, nil)
	if hasCode(err, http.StatusConflict) {
		return nil
	}
	return err
}

// Remove deletes the objects, each until it succeeds or ctx ends: a balancer that moves the address back
// once more resets a connection. The namespace stays for the next run.
func (k *Kubernetes) Remove(ctx context.Context, keys []string) error {
	e := k.endpoint(k.Access.Servers[0], true)
	defer e.close()
	for _, key := range keys {
		for {
			err := e.do(ctx, http.MethodDelete, k.object(key), "", nil, nil)
			if err == nil || hasCode(err, http.StatusNotFound) {
				break
			}
			if !sleep(ctx, 200*time.Millisecond) {
				return err
			}
		}
	}
	return nil
}

// Store of a worker.
func (k *Kubernetes) Store(worker int) (Store, error) {
	return &kubernetesStore{k, k.endpoint(k.Access.Servers[worker%len(k.Access.Servers)], true)}, nil
}

type kubernetesStore struct {
	*Kubernetes
	*endpoint
}

func (s *kubernetesStore) Read(ctx context.Context, key string) (string, int64, error) {
	var object configMap
	err := s.do(ctx, http.MethodGet, s.object(key), "", nil, &object)
	if hasCode(err, http.StatusNotFound) {
		return "", 0, nil
	}
	if err != nil {
		return "", 0, err
	}
	revision, err := strconv.ParseInt(object.Metadata.ResourceVersion, 10, 64)
	return object.Data["value"], revision, err
}

func (s *kubernetesStore) Write(ctx context.Context, key string, revision int64, value string) (int64, string, error) {
	method, path, version := http.MethodPost, s.collection(), ""
	if revision > 0 {
		method, path, version = http.MethodPut, s.object(key), strconv.FormatInt(revision, 10)
	}
	var stored configMap
	err := s.do(ctx, method, path, "application/json", s.register(key, value, version, true), &stored)
	switch {
	case err == nil:
		newRevision, err := strconv.ParseInt(stored.Metadata.ResourceVersion, 10, 64)
		return newRevision, history.OutcomeOK, err
	case hasCode(err, http.StatusConflict):
		return 0, history.OutcomeConflict, err
	case errors.Is(err, errNotSent), hasCode(err, 400, 401, 403, 404, 422):
		return 0, history.OutcomeFailed, err
	default:
		return 0, history.OutcomeUnknown, err
	}
}

func (s *kubernetesStore) Refresh() { s.close() }
func (s *kubernetesStore) Close()   { s.close() }

func hasCode(err error, codes ...int) bool {
	var status *statusError
	if !errors.As(err, &status) {
		return false
	}
	for _, code := range codes {
		if status.Code == code {
			return true
		}
	}
	return false
}
