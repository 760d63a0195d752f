// Command client sends a secret to an enclave, after the enclave has proven what it is.
package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"log"
	"net/http"

	"samples/internal/secrets"
	"samples/internal/trust"
	remoteattestation "samples/remote-attestation"
)

const mostAnswerBytes = 64 << 10

func main() {
	server := flag.String("server", "localhost:8080", "where the server is")
	read := trust.Flags()
	flag.Parse()
	trusted, err := read()
	if err == nil {
		err = send("the launch code", "https://"+*server, trusted)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func send(secret, server string, trusted *trust.Trust) error {
	nonce := make([]byte, 32)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	quote, shown, err := evidence(server, nonce)
	if err != nil {
		return err
	}
	genuine, err := trusted.Appraise(quote, remoteattestation.Purpose, nonce, shown.RawSubjectPublicKeyInfo)
	if err != nil {
		return err
	}
	fmt.Printf("genuine: enclave %x, status %s\n", genuine.MRENCLAVE(), genuine.Status())

	// From here on only the holder of that key will do, and it is inside.
	return secrets.Send(secret, server, shown)
}

// evidence asks for a quote. The certificate of the connection is unknown yet: the quote must be about its key.
func evidence(server string, nonce []byte) ([]byte, *x509.Certificate, error) {
	anybody := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: anybody, DisableKeepAlives: true}}
	answer, err := client.Get(server + "/evidence?nonce=" + hex.EncodeToString(nonce))
	if err != nil {
		return nil, nil, err
	}
	quote, err := secrets.Read(answer, mostAnswerBytes)
	if err != nil {
		return nil, nil, err
	}
	return quote, answer.TLS.PeerCertificates[0], nil
}
