package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"quorum.local/prober/history"
)

type watchEvent struct {
	Type   string `json:"type"`
	Object struct {
		configMap
		Code int `json:"code"`
	} `json:"object"`
}

// Watch lists, then follows, and after a break goes on where it was, as an informer does.
func (k *Kubernetes) Watch(ctx context.Context, event func(event, key, value string, revision int64)) {
	e := k.endpoint(k.Access.Servers[0], true)
	defer e.close()
	started, listed := history.WatchStarted, false
	var revision int64
	for ctx.Err() == nil {
		if !listed {
			var list configMap
			attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
			err := e.do(attempt, http.MethodGet, k.collection()+"?limit=1&labelSelector="+k.selector(), "", nil, &list)
			cancel()
			if err == nil {
				revision, err = strconv.ParseInt(list.Metadata.ResourceVersion, 10, 64)
			}
			if err != nil {
				e.close()
				sleep(ctx, 250*time.Millisecond)
				continue
			}
			event(started, "", "", revision)
			started, listed = history.WatchRelisted, true
		}
		next, gone := k.follow(ctx, e, revision, event)
		revision, listed = next, !gone
		if ctx.Err() == nil && !gone {
			event(history.WatchRestart, "", "", revision)
			e.close()
			sleep(ctx, 250*time.Millisecond)
		}
	}
}

func (k *Kubernetes) selector() string { return url.QueryEscape(runLabel + "=" + k.Run) }

// follow returns the last revision seen, and whether the server no longer has what came after it.
func (k *Kubernetes) follow(ctx context.Context, e *endpoint, revision int64, event func(event, key, value string, revision int64)) (int64, bool) {
	path := k.collection() + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=300&labelSelector=" + k.selector() +
		"&resourceVersion=" + strconv.FormatInt(revision, 10)
	stream, err := e.open(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return revision, hasCode(err, http.StatusGone)
	}
	defer stream.Close()
	decoder := json.NewDecoder(stream)
	for {
		var got watchEvent
		if err := decoder.Decode(&got); err != nil {
			return revision, false
		}
		if got.Type == "ERROR" {
			return revision, got.Object.Code == http.StatusGone
		}
		at, err := strconv.ParseInt(got.Object.Metadata.ResourceVersion, 10, 64)
		if err != nil {
			return revision, false
		}
		revision = at
		if got.Type != "BOOKMARK" {
			key := strings.TrimPrefix(got.Object.Metadata.Name, k.Run+"-")
			event(got.Type, key, got.Object.Data["value"], at)
		}
	}
}
