// Command server takes secrets. It proves to each client that the key of its TLS certificate was made in this enclave.
package main

import (
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"

	"enclos.invalid/sdk/enclave"
	"samples/internal/certificate"
	remoteattestation "samples/remote-attestation"
)

const mostSecretBytes = 4096

func main() {
	own, err := certificate.New()
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/evidence", func(w http.ResponseWriter, r *http.Request) {
		nonce, err := hex.DecodeString(r.FormValue("nonce"))
		if err != nil {
			http.Error(w, "the nonce is not hex", http.StatusBadRequest)
			return
		}
		quote, err := enclave.Quote(enclave.QuoteRequest{
			Purpose: remoteattestation.Purpose,
			Nonce:   nonce,
			Key:     own.Leaf.RawSubjectPublicKeyInfo,
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = w.Write(quote)
	})
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
	log.Fatal(server.ListenAndServeTLS("", ""))
}
