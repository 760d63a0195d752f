// Command server is an enclave that answers enclaves alone: those of its signer, on its machine, which have introduced themselves.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync"

	"enclos.invalid/sdk/enclave"
	"samples/local-attestation/peer"
)

const mostIntroductionBytes = 16 << 10

func main() {
	own, err := peer.New()
	if err != nil {
		log.Fatal(err)
	}
	var accepted sync.Map // certificate, as a string

	introductions := http.NewServeMux()
	introductions.HandleFunc("/target", func(w http.ResponseWriter, _ *http.Request) {
		target, err := enclave.TargetInfo()
		if err != nil {
			http.Error(w, "there is no target", http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(target)
	})
	introductions.HandleFunc("/introduction", func(w http.ResponseWriter, r *http.Request) {
		var theirs peer.Introduction
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostIntroductionBytes)).Decode(&theirs); err != nil {
			http.Error(w, "this is not an introduction", http.StatusBadRequest)
			return
		}
		client, err := peer.Accept(&theirs, peer.Client)
		if err != nil {
			fmt.Println("refused:", err)
			http.Error(w, "refused", http.StatusForbidden)
			return
		}
		ours, err := own.Introduce(theirs.Target)
		if err != nil {
			http.Error(w, "this is not a target", http.StatusBadRequest)
			return
		}
		accepted.Store(string(client.Raw), true)
		fmt.Println("a client has introduced itself")
		_ = json.NewEncoder(w).Encode(ours)
	})
	// Plain HTTP: nothing of an introduction is secret, and a changed one is refused.
	go func() { log.Fatal(http.ListenAndServe(":8080", introductions)) }()

	secure := http.NewServeMux()
	secure.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pong") })
	isAccepted := func(certificate []byte) bool {
		_, is := accepted.Load(string(certificate))
		return is
	}
	server := http.Server{Addr: ":8081", Handler: secure, TLSConfig: own.MutualTLS(isAccepted)}
	fmt.Println("listening at ports 8080 and 8081")
	log.Fatal(server.ListenAndServeTLS("", ""))
}
