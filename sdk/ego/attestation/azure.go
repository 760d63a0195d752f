package attestation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"enclos.invalid/sdk/azure"
)

const mostKeySet = 4 << 20

// VerifyAzureAttestationToken verifies a token of Azure Attestation, or of another service of its interface. It fetches the keys of the
// service from providerURL, which must be of https and the issuer of the token: its TLS is what is trusted. The token says nothing
// of the TCB, so TCBStatus of the report means nothing. The caller checks the other fields.
func VerifyAzureAttestationToken(token string, providerURL string) (Report, error) {
	provider, err := url.Parse(providerURL)
	if err != nil || provider.Scheme != "https" || provider.Host == "" {
		return Report{}, errors.New("the URL of the attestation provider is not one of https")
	}
	keys, err := fetchKeys(provider.ResolveReference(&url.URL{Path: azure.CertificatesPath}).String())
	if err != nil {
		return Report{}, err
	}
	claims, err := azure.VerifyToken(token, azure.Options{Issuer: provider.String(), Keys: keys, Now: time.Now()})
	if err != nil {
		return Report{}, err
	}
	product := make([]byte, 16)
	binary.LittleEndian.PutUint16(product, claims.ProductID)
	return Report{
		Data:            claims.HeldData,
		SecurityVersion: uint(claims.SecurityVersion),
		Debug:           claims.Debug,
		UniqueID:        claims.MRENCLAVE[:],
		SignerID:        claims.MRSIGNER[:],
		ProductID:       product,
	}, nil
}

func fetchKeys(address string) ([]byte, error) {
	response, err := http.Get(address)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the attestation provider answered %s for its keys", response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, mostKeySet))
}
