package attestation

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVerifyAzureAttestationToken(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	status := http.StatusOK
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/certs" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(status)
		entry := map[string]any{"kid": "a", "kty": "RSA", "x5c": []string{base64.StdEncoding.EncodeToString(certificate)}}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{entry}})
	}))
	defer server.Close()
	before := http.DefaultTransport
	http.DefaultTransport = server.Client().Transport
	defer func() { http.DefaultTransport = before }()

	now := time.Now()
	claims := map[string]any{
		"iss": server.URL, "nbf": now.Unix() - 60, "iat": now.Unix() - 60, "exp": now.Unix() + 60, "x-ms-sgx-is-debuggable": true,
		"x-ms-sgx-mrenclave": strings.Repeat("ab", 32), "x-ms-sgx-mrsigner": strings.Repeat("cd", 32), "x-ms-sgx-product-id": 0x1234,
		"x-ms-sgx-svn": 3, "x-ms-sgx-ehd": base64.RawURLEncoding.EncodeToString([]byte("held")),
	}
	token := sign(t, key, claims)
	report, err := VerifyAzureAttestationToken(token, server.URL)
	if err != nil || string(report.Data) != "held" || report.SecurityVersion != 3 || !report.Debug || report.UniqueID[31] != 0xab ||
		report.SignerID[0] != 0xcd || !slices.Equal(report.ProductID, append([]byte{0x34, 0x12}, make([]byte, 14)...)) {
		t.Errorf("a good token: %+v %v", report, err)
	}
	for name, call := range map[string]func() (Report, error){
		"another issuer": func() (Report, error) { return VerifyAzureAttestationToken(token, server.URL+"/") },
		"no TLS":         func() (Report, error) { return VerifyAzureAttestationToken(token, "http"+server.URL[len("https"):]) },
		"not an address": func() (Report, error) { return VerifyAzureAttestationToken(token, "https://%zz") },
		"changed": func() (Report, error) {
			return VerifyAzureAttestationToken(token[:len(token)-8]+"AAAAAAAA", server.URL)
		},
		"expired": func() (Report, error) {
			claims["exp"] = now.Unix() - 1
			return VerifyAzureAttestationToken(sign(t, key, claims), server.URL)
		},
		"no keys": func() (Report, error) {
			status = http.StatusNotFound
			defer func() { status = http.StatusOK }()
			return VerifyAzureAttestationToken(token, server.URL)
		},
	} {
		if report, err := call(); err == nil || report.Data != nil {
			t.Errorf("%s: %+v %v", name, report, err)
		}
	}
}

func sign(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"a","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}
