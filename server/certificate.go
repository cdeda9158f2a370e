package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync"

	"github.com/taskdb/taskdb/internal/wholefile"
)

// certificate is a certificate and its key, in two files. When they change the new
// ones count from the next connection on; a pair that does not fit together, as in
// the middle of a change, is logged, and the one before it stays.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu                      sync.Mutex
	certVersion, keyVersion wholefile.Version
	pair                    tls.Certificate
}

// openCertificate reads a certificate.
func openCertificate(cert, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log}
	c.certVersion, c.keyVersion = wholefile.VersionOf(cert), wholefile.VersionOf(key)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	c.pair = pair
	return c, nil
}

// config is how connections are encrypted.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.current}
}

// current returns the certificate as it is now.
func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cert, key := wholefile.VersionOf(c.cert), wholefile.VersionOf(c.key)
	if cert.Equal(c.certVersion) && key.Equal(c.keyVersion) {
		pair := c.pair
		return &pair, nil
	}
	c.certVersion, c.keyVersion = cert, key
	if pair, err := tls.LoadX509KeyPair(c.cert, c.key); err != nil {
		c.log.Error("the certificate cannot be read, and the one before stays in force", "cert", c.cert, "key", c.key, "error", err)
	} else {
		c.pair = pair
		c.log.Info("the certificate was read again", "cert", c.cert)
	}
	pair := c.pair
	return &pair, nil
}
