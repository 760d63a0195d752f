// Package secrets sends a secret to a server and takes it there, once a client knows whose certificate the server has.
package secrets

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"samples/internal/certificate"
)

const (
	mostSecretBytes = 4096
	mostAnswerBytes = 64 << 10
)

// Serve takes secrets at port 8080, beside what http.Handle was told to serve, until it fails.
func Serve(own tls.Certificate) error {
	http.HandleFunc("/secret", func(w http.ResponseWriter, r *http.Request) {
		secret, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostSecretBytes))
		if err != nil {
			http.Error(w, "the secret is too long", http.StatusRequestEntityTooLarge)
			return
		}
		// The host reads what a program prints, so it is told the length alone.
		fmt.Printf("got a secret of %d bytes\n", len(secret))
		_, _ = io.WriteString(w, "The enclave has the secret.\n")
	})
	server := http.Server{
		Addr:      ":8080",
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS13},
	}
	fmt.Println("listening at port 8080")
	return server.ListenAndServeTLS("", "")
}

// Send sends a secret to the holder of a certificate, and prints the answer.
func Send(secret, server string, holder *x509.Certificate) error {
	client := http.Client{Transport: &http.Transport{TLSClientConfig: certificate.Pinned(holder)}}
	answer, err := client.Post(server+"/secret", "text/plain", strings.NewReader(secret))
	if err != nil {
		return err
	}
	text, err := Read(answer, mostAnswerBytes)
	fmt.Print(string(text))
	return err
}

// Read reads at most so many bytes of an answer. Another status than 200 is an error.
func Read(answer *http.Response, mostBytes int64) ([]byte, error) {
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	return body, err
}
