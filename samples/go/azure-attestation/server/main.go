// Command server takes secrets. Clients learn from a token of an attestation service which enclave made the key of its TLS certificate.
package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"enclos.invalid/sdk/azure"
	"enclos.invalid/sdk/enclave"
	"enclos.invalid/sdk/oe"
	"samples/internal/certificate"
	"samples/internal/secrets"
)

const mostTokenBytes = 256 << 10

func main() {
	own, err := certificate.New()
	if err != nil {
		log.Fatal(err)
	}
	// The token is about the certificate as a whole, so clients find it in there.
	token, err := tokenAbout(own.Leaf.Raw, os.Getenv("ATTESTATION_URL"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("got a token of %d bytes\n", len(token))

	http.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, token) })
	log.Fatal(secrets.Serve(own))
}

// tokenAbout sends evidence about the data to the service at url.
func tokenAbout(data []byte, url string) (string, error) {
	reportData := oe.ReportDataOfKey(data)
	quote, err := enclave.QuoteReportData(reportData[:])
	if err != nil {
		return "", err
	}
	request, err := azure.Request(oe.EncodeReport(oe.Remote, quote), data)
	if err != nil {
		return "", err
	}
	// Which service this is makes no difference here: the request holds nothing secret, and clients verify the token.
	anybody := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: anybody}, Timeout: time.Minute}
	answer, err := client.Post(url+azure.AttestPath, "application/json", bytes.NewReader(request))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostTokenBytes))
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", answer.Status, text)
	}
	return azure.TokenOfAnswer(text)
}
