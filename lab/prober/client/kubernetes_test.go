package client

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

func TestRemovesEveryObjectThoughConnectionsAreReset(t *testing.T) {
	asked := map[string]int{}
	var removed []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path]++
		if asked[r.URL.Path] == 1 {
			panic(http.ErrAbortHandler) // ends the connection without an answer
		}
		removed = append(removed, r.Method+" "+r.URL.Path)
		_, _ = w.Write([]byte("{}"))
	}))
	defer server.Close()
	trust := server.Client().Transport.(*http.Transport).TLSClientConfig
	k := &Kubernetes{Access: &Access{Servers: []string{server.URL}, TLS: trust}, Namespace: "n", Run: "r"}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := k.Remove(ctx, []string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	want := []string{"DELETE /api/v1/namespaces/n/configmaps/r-a", "DELETE /api/v1/namespaces/n/configmaps/r-b"}
	if !slices.Equal(removed, want) {
		t.Errorf("removed %q", removed)
	}
}
