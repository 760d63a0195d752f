package collateral

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"enclos.invalid/sdk/attestation"
)

const base = "/sgx/certification/v4"

// service answers as a PCCS does.
func service(t *testing.T, change func(http.Handler) http.Handler) *Source {
	t.Helper()
	chain := func(w http.ResponseWriter, header, name string) {
		w.Header().Set(header, url.PathEscape(name+"+chain\n"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc(base+"/tcb", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "fmspc=00906ED50000" {
			t.Errorf("asked for %s", r.URL)
		}
		chain(w, "TCB-Info-Issuer-Chain", "tcb")
		_, _ = w.Write([]byte(`{"tcbInfo":{"a": 1},"signature":"aa"}`))
	})
	mux.HandleFunc(base+"/qe/identity", func(w http.ResponseWriter, _ *http.Request) {
		chain(w, "SGX-Enclave-Identity-Issuer-Chain", "qe")
		_, _ = w.Write([]byte(`{"enclaveIdentity":{"b":2},"signature":"bb"}`))
	})
	mux.HandleFunc(base+"/pckcrl", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("ca") != "platform" || r.URL.Query().Get("encoding") != "der" {
			t.Errorf("asked for %s", r.URL)
		}
		chain(w, "SGX-PCK-CRL-Issuer-Chain", "pck")
		_, _ = w.Write([]byte{1, 2})
	})
	mux.HandleFunc(base+"/rootcacrl", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("0304\n")) })
	server := httptest.NewServer(change(mux))
	t.Cleanup(server.Close)
	source, err := NewSource(server.URL+base+"/", server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func unchanged(h http.Handler) http.Handler { return h }

var origin = &attestation.Origin{FMSPC: [6]byte{0, 0x90, 0x6e, 0xd5}, CA: "platform"}

func TestFetch(t *testing.T) {
	text, err := service(t, unchanged).Fetch(context.Background(), origin)
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]string
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"tcb_info": `{"a": 1}`, "tcb_info_signature": "aa", "tcb_info_issuer_chain": "tcb+chain\n",
		"qe_identity": `{"b":2}`, "qe_identity_signature": "bb", "qe_identity_issuer_chain": "qe+chain\n",
		"pck_crl": "0102", "pck_crl_issuer_chain": "pck+chain\n", "root_ca_crl": "0304",
	} {
		if found[name] != want {
			t.Errorf("%s is %q", name, found[name])
		}
	}
}

func TestRefusals(t *testing.T) {
	at := func(path string, handle http.HandlerFunc) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, path) {
					handle(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, c := range map[string]struct {
		change func(http.Handler) http.Handler
		code   string
	}{
		"an unknown platform": {at("/tcb", status(http.StatusNotFound)), "ENDORSEMENTS_NOT_FOUND"},
		"a broken service":    {at("/pckcrl", status(http.StatusBadGateway)), "ENDORSEMENTS_SOURCE_FAILED"},
		"no chain": {at("/qe/identity", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"enclaveIdentity":{},"signature":"bb"}`))
		}), "ENDORSEMENTS_ANSWER_INVALID"},
		"no document":       {at("/tcb", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) }), "CODEC_INVALID"},
		"an endless answer": {at("/rootcacrl", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, mostAnswer+1)) }), "ENDORSEMENTS_ANSWER_INVALID"},
	} {
		if _, err := service(t, c.change).Fetch(context.Background(), origin); !errors.Is(err, &attestation.Error{Code: c.code}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	source, err := NewSource(gone.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Fetch(context.Background(), origin); !errors.Is(err, &attestation.Error{Code: "ENDORSEMENTS_UNREACHABLE"}) {
		t.Errorf("no service: %v", err)
	}
	for _, address := range []string{"", "ftp://a.example", "https://", "https://user@a.example", "https://a.example/?b", "https://a.example/#b"} {
		if _, err := NewSource(address, nil); !errors.Is(err, &attestation.Error{Code: "ENDORSEMENTS_REQUEST_INVALID"}) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
