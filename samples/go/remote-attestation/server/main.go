// Command server takes secrets. It proves to each client that the key of its TLS certificate was made in this enclave.
package main

import (
	"encoding/hex"
	"log"
	"net/http"

	"enclos.invalid/sdk/enclave"
	"samples/internal/certificate"
	"samples/internal/secrets"
	remoteattestation "samples/remote-attestation"
)

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
	log.Fatal(secrets.Serve(own))
}
