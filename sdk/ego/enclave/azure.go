package enclave

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"enclos.invalid/sdk/azure"
)

const (
	mostTokenAnswer = 1 << 20
	tokenTimeout    = time.Minute
)

// CreateAzureAttestationToken asks Azure Attestation, or another service of its interface, for a token about this enclave. The token holds
// data, whose hash are the report data. enclave.json must declare the connection.
//
// The service is not authenticated, as an image need not hold certificates of authorities: data are not for secrets, and the token is
// worth what the signature on it is worth to those who verify it.
func CreateAzureAttestationToken(data []byte, url string) (string, error) {
	digest := sha256.Sum256(data)
	report, err := GetRemoteReport(digest[:])
	if err != nil {
		return "", err
	}
	return requestToken(report, data, url)
}

func requestToken(report, data []byte, address string) (string, error) {
	request, err := azure.Request(report, data)
	if err != nil {
		return "", err
	}
	base, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	path, err := url.Parse(azure.AttestPath)
	if err != nil {
		return "", err
	}
	client := http.Client{Timeout: tokenTimeout, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := client.Post(base.ResolveReference(path).String(), "application/json", bytes.NewReader(request))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the attestation provider refused the report: %s", response.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostTokenAnswer))
	if err != nil {
		return "", err
	}
	return azure.TokenOfAnswer(answer)
}
