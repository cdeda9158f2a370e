package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/xdg-go/scram"
)

const (
	// secretPrefix tells people and scanners of leaked secrets what a secret is for.
	secretPrefix = "tdb_"
	secretBytes  = 32
	saltBytes    = 28 // as MongoDB has it for SCRAM-SHA-256
	// iterations is the least that MongoDB's drivers accept. Stretching is for
	// passwords that can be guessed, and nobody guesses 256 random bits.
	iterations = 4096
)

// newSecret makes a secret of 256 random bits.
func newSecret() string {
	secret := make([]byte, secretBytes)
	rand.Read(secret) // never fails
	return secretPrefix + base64.RawURLEncoding.EncodeToString(secret)
}

// proof is what the file has of a secret: enough to tell whether one is right, and
// no more.
type proof struct {
	SHA256 []byte      `json:"sha256"`
	SCRAM  credentials `json:"scram_sha_256"`
}

// credentials are those of RFC 7677.
type credentials struct {
	Salt       []byte `json:"salt"`
	Iterations int    `json:"iterations"`
	StoredKey  []byte `json:"stored_key"`
	ServerKey  []byte `json:"server_key"`
}

func (c credentials) stored() scram.StoredCredentials {
	return scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(c.Salt), Iters: c.Iterations},
		StoredKey:  c.StoredKey,
		ServerKey:  c.ServerKey,
	}
}

// hash is what a bearer token is looked for by.
func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// proofOf makes the proof of a user's secret.
func proofOf(name, secret string) (proof, error) {
	client, err := scram.SHA256.NewClient(name, secret, "")
	if err != nil {
		return proof{}, err
	}
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: iterations})
	if err != nil {
		return proof{}, err
	}
	return proof{hash(secret), credentials{salt, iterations, stored.StoredKey, stored.ServerKey}}, nil
}

// decoy is what there is of the secret of a name that is nobody's.
func decoy(secret, name string) scram.StoredCredentials {
	derived := func(what string) []byte {
		sum := hmac.New(sha256.New, []byte(secret))
		sum.Write([]byte(what + " " + name))
		return sum.Sum(nil)
	}
	return credentials{derived("salt")[:saltBytes], iterations, derived("stored key"), derived("server key")}.stored()
}

// check refuses a proof that no secret has.
func (p proof) check() error {
	for _, key := range [][]byte{p.SHA256, p.SCRAM.StoredKey, p.SCRAM.ServerKey} {
		if len(key) != sha256.Size {
			return fmt.Errorf("a key of its secret has %d bytes, want %d", len(key), sha256.Size)
		}
	}
	if len(p.SCRAM.Salt) == 0 || p.SCRAM.Iterations < iterations {
		return fmt.Errorf("its secret has a salt of %d bytes and %d iterations, want some and at least %d",
			len(p.SCRAM.Salt), p.SCRAM.Iterations, iterations)
	}
	return nil
}
