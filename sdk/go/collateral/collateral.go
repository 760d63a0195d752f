// Package collateral fetches what a vendor says of its platforms from a service with the interface of Intel's (PCS API v4): Intel's own,
// a caching service (PCCS), or the service of a software platform. Nothing that comes from there is trusted: the vendor signs it, and
// package attestation checks that.
package collateral

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"enclos.invalid/sdk/attestation"
)

// IntelURL is Intel's own service.
const IntelURL = "https://api.trustedservices.intel.com/sgx/certification/v4/"

const (
	// intelRootCRL is where Intel publishes the revocation list of its root; its service does not serve it.
	intelRootCRL = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
	mostAnswer   = 1 << 20
)

// Source is a service.
type Source struct {
	base   string
	client *http.Client
}

// NewSource is the service at an address such as [IntelURL], which ends in /sgx/certification/v4. Without TLS the network learns which
// platform is verified, and nothing else is lost. client is what fetches; nil is http.DefaultClient. ENDORSEMENTS_REQUEST_INVALID is for
// another address.
func NewSource(address string, client *http.Client) (*Source, error) {
	u, err := url.Parse(address)
	isURL := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
	if !isURL {
		return nil, fail("ENDORSEMENTS_REQUEST_INVALID", "the address is not a URL of http or https without a query, such as "+IntelURL, nil)
	}
	if client == nil {
		client = http.DefaultClient
	}
	return &Source{strings.TrimRight(address, "/"), client}, nil
}

// Fetch gets the collateral for a quote of this origin: JSON for attestation.ParseCollateral. ENDORSEMENTS_UNREACHABLE is for a service
// that does not answer, ENDORSEMENTS_NOT_FOUND for a platform that it does not know, ENDORSEMENTS_SOURCE_FAILED for another refusal, and
// ENDORSEMENTS_ANSWER_INVALID for an answer that is not one.
func (s *Source) Fetch(ctx context.Context, origin *attestation.Origin) ([]byte, error) {
	f := &fetch{s, ctx, nil, map[string]string{}}
	f.signed("/tcb?fmspc="+strings.ToUpper(hex.EncodeToString(origin.FMSPC[:])), "tcbInfo", "tcb_info",
		"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain")
	f.signed("/qe/identity", "enclaveIdentity", "qe_identity", "SGX-Enclave-Identity-Issuer-Chain")
	list, header := f.get(s.base + "/pckcrl?encoding=der&ca=" + url.QueryEscape(origin.CA))
	f.members["pck_crl"] = hex.EncodeToString(list)
	f.chain("pck_crl_issuer_chain", header, "SGX-PCK-CRL-Issuer-Chain")
	f.members["root_ca_crl"] = f.rootList()
	if f.err != nil {
		return nil, f.err
	}
	return json.Marshal(f.members)
}

// fetch keeps the first failure.
type fetch struct {
	source  *Source
	ctx     context.Context
	err     error
	members map[string]string
}

func (f *fetch) get(address string) ([]byte, http.Header) {
	if f.err != nil {
		return nil, nil
	}
	body, header, err := f.source.get(f.ctx, address)
	if err != nil {
		f.err = err
	}
	return body, header
}

// signed gets a document with its signature and the chain of its signer.
func (f *fetch) signed(path, member, name string, headers ...string) {
	body, header := f.get(f.source.base + path)
	if f.err != nil {
		return
	}
	f.members[name], f.members[name+"_signature"], f.err = attestation.SplitSignedBody(body, member)
	f.chain(name+"_issuer_chain", header, headers...)
}

func (f *fetch) chain(name string, header http.Header, headers ...string) {
	if f.err != nil {
		return
	}
	for _, one := range headers {
		if text := header.Get(one); text != "" {
			f.members[name], f.err = url.QueryUnescape(strings.ReplaceAll(text, "+", "%2B"))
			return
		}
	}
	f.err = fail("ENDORSEMENTS_ANSWER_INVALID", "the answer has no header "+headers[0], nil)
}

// rootList is the revocation list of the root, in hex: a PCCS gives hex, Intel DER and at another place.
func (f *fetch) rootList() string {
	if strings.HasPrefix(f.source.base, "https://api.trustedservices.intel.com/") {
		list, _ := f.get(intelRootCRL)
		return hex.EncodeToString(list)
	}
	list, _ := f.get(f.source.base + "/rootcacrl")
	return strings.TrimSpace(string(list))
}

func (s *Source) get(ctx context.Context, address string) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, fail("ENDORSEMENTS_REQUEST_INVALID", "the address is not one", err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, nil, fail("ENDORSEMENTS_UNREACHABLE", "it does not answer", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, nil, fail("ENDORSEMENTS_NOT_FOUND", "it does not have "+request.URL.Path, nil)
	default:
		return nil, nil, fail("ENDORSEMENTS_SOURCE_FAILED", fmt.Sprintf("status %d for %s", response.StatusCode, request.URL.Path), nil)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer+1))
	if err == nil && len(body) > mostAnswer {
		err = fmt.Errorf("more than %d bytes", mostAnswer)
	}
	if err != nil {
		return nil, nil, fail("ENDORSEMENTS_ANSWER_INVALID", "its answer is not whole", err)
	}
	return body, response.Header, nil
}

func fail(code, what string, cause error) error {
	if cause != nil {
		what += ": " + cause.Error()
	}
	return &attestation.Error{Code: code, Message: "The collateral service: " + what + ".", Cause: cause}
}
