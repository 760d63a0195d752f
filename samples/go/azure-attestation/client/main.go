// Command client sends a secret to an enclave of which an attestation service says that it is the right one.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"enclos.invalid/sdk/azure"
	"samples/internal/secrets"
)

const mostAnswerBytes = 4 << 20

func main() {
	server := flag.String("server", "localhost:8080", "where the server is")
	service := flag.String("service", "https://localhost:8443", "the attestation service that this client trusts")
	authority := flag.String("authority", "", "what its TLS certificate is verified with, instead of the authorities of this machine")
	measurement := flag.String("mrenclave", "", "the enclave that this client accepts")
	flag.Parse()
	if err := run("https://"+*server, *service, *authority, *measurement); err != nil {
		log.Fatal(err)
	}
}

func run(server, service, authority, measurement string) error {
	// Not known yet whose server this is: the token says it.
	anybody := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}
	token, err := get(server+"/token", anybody)
	if err != nil {
		return err
	}
	authorities, err := trusted(authority)
	if err != nil {
		return err
	}
	keys, err := get(service+azure.CertificatesPath, authorities)
	if err != nil {
		return err
	}
	claims, err := azure.VerifyToken(string(token), azure.Options{Issuer: service, Keys: keys, Now: time.Now()})
	if err != nil {
		return err
	}
	found := hex.EncodeToString(claims.MRENCLAVE[:])
	if claims.Debug || found != measurement {
		return fmt.Errorf("the token is about enclave %s, which is not the one that is wanted", found)
	}
	fmt.Printf("the service has verified enclave %s\n", found)

	// The token names the certificate. Only the holder of its key will do.
	held, err := x509.ParseCertificate(claims.HeldData)
	if err != nil {
		return err
	}
	return secrets.Send("the launch code", server, held)
}

// trusted is how the service is known: the token is worth what this is.
func trusted(authority string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authority == "" {
		return config, nil
	}
	text, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, errors.New(authority + " holds no certificate")
	}
	return config, nil
}

func get(url string, config *tls.Config) ([]byte, error) {
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: time.Minute}
	answer, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	return secrets.Read(answer, mostAnswerBytes)
}
