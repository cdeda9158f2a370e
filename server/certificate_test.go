package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	mongooptions "go.mongodb.org/mongo-driver/v2/mongo/options"
)

// writeCertificate writes a certificate of a name, and its key, to two files.
func writeCertificate(t *testing.T, name, certFile, keyFile string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyBytes, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for _, file := range []struct {
		path, kind string
		bytes      []byte
	}{{certFile, "CERTIFICATE", cert}, {keyFile, "PRIVATE KEY", keyBytes}} {
		text := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.bytes})
		require.NoError(t, os.WriteFile(file.path+".new", text, 0o600))
		require.NoError(t, os.Rename(file.path+".new", file.path))
	}
}

// shownCertificate returns the name of the certificate that a server shows.
func shownCertificate(t *testing.T, url string) string {
	address := strings.Trim(strings.TrimPrefix(url, "https:"), "/")
	conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
}

// TestTLS holds that both doors encrypt, and that a certificate that is replaced
// counts for the next connection, as soon as it and its key fit together.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	o := options(t)
	o.CertFile, o.KeyFile, o.Mongo = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), "127.0.0.1:0"
	writeCertificate(t, "old", o.CertFile, o.KeyFile)
	s := start(t, openStore(t, "dict:"), o)
	require.True(t, strings.HasPrefix(s.URL(), "https://"), s.URL())
	s.ask(t, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "a"}]}`)
	require.Equal(t, "old", shownCertificate(t, s.URL()))

	mongoClient, err := mongo.Connect(mongooptions.Client().ApplyURI(s.MongoURL()).
		SetTLSConfig(&tls.Config{InsecureSkipVerify: true}).SetServerSelectionTimeout(10 * time.Second))
	require.NoError(t, err)
	found := mongoClient.Database("ipython-tasks").Collection("task_records").FindOne(t.Context(), bson.D{{Key: "msg_id", Value: "a"}})
	require.NoError(t, found.Err())
	require.NoError(t, mongoClient.Disconnect(t.Context()))

	require.NoError(t, os.WriteFile(o.CertFile, []byte("half a certif"), 0o600))
	require.Equal(t, "old", shownCertificate(t, s.URL()))
	writeCertificate(t, "new", o.CertFile, o.KeyFile)
	require.Equal(t, "new", shownCertificate(t, s.URL()))
}
