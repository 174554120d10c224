package client

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"go.yaml.in/yaml/v3"
)

// Access is where the API is and how to reach it.
type Access struct {
	Servers []string
	TLS     *tls.Config
	Token   string
}

type kubeconfig struct {
	CurrentContext string `yaml:"current-context"`
	Clusters       []struct {
		Name    string `yaml:"name"`
		Cluster struct {
			Server string `yaml:"server"`
			CAData string `yaml:"certificate-authority-data"`
			CAFile string `yaml:"certificate-authority"`
		} `yaml:"cluster"`
	} `yaml:"clusters"`
	Contexts []struct {
		Name    string `yaml:"name"`
		Context struct {
			Cluster string `yaml:"cluster"`
			User    string `yaml:"user"`
		} `yaml:"context"`
	} `yaml:"contexts"`
	Users []struct {
		Name string `yaml:"name"`
		User struct {
			CertData string `yaml:"client-certificate-data"`
			CertFile string `yaml:"client-certificate"`
			KeyData  string `yaml:"client-key-data"`
			KeyFile  string `yaml:"client-key"`
			Token    string `yaml:"token"`
		} `yaml:"user"`
	} `yaml:"users"`
}

// LoadKubeconfig reads the current context; servers, where given, replace the one in the file.
func LoadKubeconfig(path string, servers []string) (*Access, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file kubeconfig
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	access := &Access{Servers: servers, TLS: &tls.Config{MinVersion: tls.VersionTLS12}}
	var clusterName, userName string
	for _, c := range file.Contexts {
		if c.Name == file.CurrentContext {
			clusterName, userName = c.Context.Cluster, c.Context.User
		}
	}
	for _, c := range file.Clusters {
		if c.Name != clusterName {
			continue
		}
		if len(access.Servers) == 0 {
			access.Servers = []string{c.Cluster.Server}
		}
		ca, err := dataOrFile(c.Cluster.CAData, c.Cluster.CAFile)
		if err != nil {
			return nil, err
		}
		access.TLS.RootCAs = x509.NewCertPool()
		if !access.TLS.RootCAs.AppendCertsFromPEM(ca) {
			return nil, fmt.Errorf("%s: no CA certificate for cluster %q", path, clusterName)
		}
	}
	for _, u := range file.Users {
		if u.Name != userName {
			continue
		}
		access.Token = u.User.Token
		cert, certErr := dataOrFile(u.User.CertData, u.User.CertFile)
		key, keyErr := dataOrFile(u.User.KeyData, u.User.KeyFile)
		if err := errors.Join(certErr, keyErr); err != nil {
			return nil, err
		}
		if len(cert) > 0 {
			pair, err := tls.X509KeyPair(cert, key)
			if err != nil {
				return nil, fmt.Errorf("%s: client certificate: %w", path, err)
			}
			access.TLS.Certificates = []tls.Certificate{pair}
		}
	}
	if len(access.Servers) == 0 {
		return nil, fmt.Errorf("%s: no server for context %q", path, file.CurrentContext)
	}
	return access, nil
}

func dataOrFile(data, path string) ([]byte, error) {
	if data != "" {
		return base64.StdEncoding.DecodeString(data)
	}
	if path != "" {
		return os.ReadFile(path)
	}
	return nil, nil
}

// transport has the health check of client-go (its defaults: a ping after 30 s without a frame, 15 s
// to answer it), so that what it measures is what kubelets and controllers would see.
func (a *Access) transport(reuse bool) *http.Transport {
	return &http.Transport{
		TLSClientConfig:     a.TLS.Clone(),
		ForceAttemptHTTP2:   true,
		DisableKeepAlives:   !reuse,
		TLSHandshakeTimeout: 10 * time.Second,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
	}
}
