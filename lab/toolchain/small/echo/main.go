// A web server that says who answers, and can look from inside the cluster:
//
//	/             {"pod":…,"node":…,"zone":…,"address":…} from POD_NAME, NODE_NAME, ZONE
//	/lookup?name= addresses of a DNS name
//	/get?url=     status and body of an HTTP request made by this pod
//	/data?name=   GET reads a file of DATA_DIR; PUT keeps the body there, on disk before the answer
//	/healthz      200
//
// PORT names the port, default 8080.
package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const outgoingTimeout = 3 * time.Second

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/", whoAnswers)
	http.HandleFunc("/lookup", lookup)
	http.HandleFunc("/get", get)
	http.HandleFunc("/data", data)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	server := &http.Server{Addr: ":" + port, ReadHeaderTimeout: outgoingTimeout}
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop.Done()
		deadline, cancel := context.WithTimeout(context.Background(), outgoingTimeout)
		defer cancel()
		_ = server.Shutdown(deadline)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
		os.Exit(1)
	}
}

func whoAnswers(w http.ResponseWriter, request *http.Request) {
	hostname, _ := os.Hostname()
	pod := os.Getenv("POD_NAME")
	if pod == "" {
		pod = hostname
	}
	local, _ := request.Context().Value(http.LocalAddrContextKey).(net.Addr)
	answer := map[string]string{
		"pod": pod, "node": os.Getenv("NODE_NAME"), "zone": os.Getenv("ZONE"), "client": request.RemoteAddr,
	}
	if local != nil {
		answer["address"] = local.String()
	}
	reply(w, http.StatusOK, answer)
}

func lookup(w http.ResponseWriter, request *http.Request) {
	ctx, cancel := context.WithTimeout(request.Context(), outgoingTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, request.URL.Query().Get("name"))
	if err != nil {
		reply(w, http.StatusBadGateway, map[string]string{"error": err.Error()})
		return
	}
	reply(w, http.StatusOK, map[string][]string{"addresses": addresses})
}

func get(w http.ResponseWriter, request *http.Request) {
	client := &http.Client{Timeout: outgoingTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(request.URL.Query().Get("url"))
	if err != nil {
		reply(w, http.StatusBadGateway, map[string]string{"error": err.Error()})
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		reply(w, http.StatusBadGateway, map[string]string{"error": err.Error()})
		return
	}
	reply(w, http.StatusOK, map[string]any{"status": response.StatusCode, "body": string(body)})
}

func data(w http.ResponseWriter, request *http.Request) {
	dir := os.Getenv("DATA_DIR")
	path := filepath.Join(dir, filepath.Base(request.URL.Query().Get("name")))
	if dir == "" {
		reply(w, http.StatusNotFound, map[string]string{"error": "DATA_DIR is not set"})
		return
	}
	if request.Method == http.MethodPut {
		if err := keep(path, io.LimitReader(request.Body, 1<<20)); err != nil {
			reply(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
			return
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		reply(w, http.StatusNotFound, map[string]string{"error": err.Error()})
		return
	}
	reply(w, http.StatusOK, map[string]string{"content": string(content)})
}

// keep puts a file in place as a database would: content and name synced before it returns.
func keep(path string, content io.Reader) error {
	file, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	for _, step := range []func() error{file.Sync, file.Close} {
		if failed := step(); err == nil {
			err = failed
		}
	}
	if err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
