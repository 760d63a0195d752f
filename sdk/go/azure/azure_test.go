package azure

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
)

const issuer = "https://attest.example"

var now = time.Unix(1_800_000_000, 0)

type members map[string]any

func with(base members, name string, value any) members {
	changed := members{}
	for key, old := range base {
		changed[key] = old
	}
	if changed[name] = value; value == nil {
		delete(changed, name)
	}
	return changed
}

var goodHeader = members{"alg": "RS256", "kid": "a", "jku": issuer + "/certs", "typ": "JWT"}

var goodClaims = members{
	"iss": issuer, "nbf": now.Unix() - 60, "iat": now.Unix() - 60, "exp": now.Unix() + 60, "x-ms-sgx-is-debuggable": true,
	"x-ms-sgx-mrenclave": strings.Repeat("ab", 32), "x-ms-sgx-mrsigner": strings.Repeat("cd", 32), "x-ms-sgx-product-id": 7,
	"x-ms-sgx-svn": 3, "x-ms-sgx-ehd": base64.RawURLEncoding.EncodeToString([]byte("held")),
}

func jsonOf(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func sign(t testing.TB, key *rsa.PrivateKey, header, claims members) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString(jsonOf(t, header)) + "." + base64.RawURLEncoding.EncodeToString(jsonOf(t, claims))
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func certificate(t testing.TB, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(encoded)
}

func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestToken(t *testing.T) {
	key := newKey(t)
	entry := members{"kid": "a", "kty": "RSA", "x5c": []string{certificate(t, key)}}
	keys := jsonOf(t, members{"keys": []members{entry, {"kid": "b"}}})
	good := sign(t, key, goodHeader, goodClaims)
	options := Options{Issuer: issuer, Keys: keys, Now: now}
	c, err := VerifyToken(good, options)
	if err != nil || string(c.HeldData) != "held" || c.ProductID != 7 || c.SecurityVersion != 3 || !c.Debug || c.MRENCLAVE[0] != 0xab ||
		c.MRSIGNER[31] != 0xcd || !c.ExpiresAt.Equal(now.Add(time.Minute)) {
		t.Fatalf("a good token: %+v %v", c, err)
	}
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	other := func(change members) Options {
		return Options{Issuer: issuer, Now: now, Keys: jsonOf(t, members{"keys": []members{change}})}
	}
	for name, test := range map[string]struct {
		token   string
		options Options
		rule    string
	}{
		"two parts":           {"a.b", options, "form"},
		"not base64url":       {"a.b.=", options, "form"},
		"a line break":        {"\n" + good, options, "form"},
		"too long":            {strings.Repeat("a", mostTokenBytes+1), options, "size"},
		"no algorithm":        {sign(t, key, with(goodHeader, "alg", "none"), goodClaims), options, "algorithm"},
		"another algorithm":   {sign(t, key, with(goodHeader, "alg", "HS256"), goodClaims), options, "algorithm"},
		"critical":            {sign(t, key, with(goodHeader, "crit", []string{"b64"}), goodClaims), options, "critical-header"},
		"its own key":         {sign(t, key, with(goodHeader, "x5c", []string{"a"}), goodClaims), options, "key-location"},
		"no key":              {sign(t, key, with(goodHeader, "kid", nil), goodClaims), options, "key-id"},
		"an unknown key":      {sign(t, key, with(goodHeader, "kid", "c"), goodClaims), options, "unknown-key"},
		"no certificate":      {sign(t, key, with(goodHeader, "kid", "b"), goodClaims), options, "unusable-key"},
		"keys not JSON":       {good, Options{Issuer: issuer, Now: now, Keys: []byte("{")}, "unknown-key"},
		"two keys of one id":  {good, Options{Issuer: issuer, Now: now, Keys: jsonOf(t, members{"keys": []members{entry, entry}})}, "unknown-key"},
		"a key of a curve":    {good, other(with(entry, "x5c", []string{certificate(t, elliptical)})), "unusable-key"},
		"a small key":         {good, other(with(entry, "x5c", []string{certificate(t, small)})), "unusable-key"},
		"a key to encrypt":    {good, other(with(entry, "use", "enc")), "unusable-key"},
		"another's signature": {sign(t, newKey(t), goodHeader, goodClaims), options, "signature"},
		"another issuer":      {sign(t, key, goodHeader, with(goodClaims, "iss", issuer+"/")), options, "issuer"},
		"expired":             {good, Options{Issuer: issuer, Keys: keys, Now: now.Add(time.Minute)}, "expired"},
		"not yet valid":       {sign(t, key, goodHeader, with(goodClaims, "nbf", now.Unix()+301)), options, "not-yet-valid"},
		"issued later":        {sign(t, key, goodHeader, with(goodClaims, "iat", now.Unix()+301)), options, "issued-in-future"},
		"no measurement":      {sign(t, key, goodHeader, with(goodClaims, "x-ms-sgx-mrenclave", nil)), options, "claims"},
		"a text for a flag":   {sign(t, key, goodHeader, with(goodClaims, "x-ms-sgx-is-debuggable", "false")), options, "claims"},
		"a bad held data":     {sign(t, key, goodHeader, with(goodClaims, "x-ms-sgx-ehd", "=")), options, "claims"},
	} {
		if _, err := VerifyToken(test.token, test.options); !errors.Is(err, &Error{Code: "TOKEN_REFUSED", Field: test.rule}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []Options{{Keys: keys, Now: now}, {Issuer: issuer, Keys: keys}, {Issuer: "http://attest.example", Now: now}} {
		if _, err := VerifyToken(good, bad); !errors.Is(err, &Error{Code: "VERIFIER_MISUSED"}) {
			t.Errorf("options that are not whole: %v", err)
		}
	}
}

func TestRequest(t *testing.T) {
	body, err := Request([]byte{0xff, 0xfe}, []byte("held"))
	const want = `{"report":"__4","runtimeData":{"data":"aGVsZA","dataType":"Binary"}}`
	if string(body) != want || err != nil {
		t.Errorf("%s %v", body, err)
	}
	if _, err := Request(nil, nil); !errors.Is(err, &Error{Code: "VERIFIER_MISUSED"}) {
		t.Errorf("no report: %v", err)
	}
	if token, err := TokenOfAnswer([]byte(`{"token":"a.b.c"}`)); token != "a.b.c" || err != nil {
		t.Errorf("%s %v", token, err)
	}
	for _, answer := range []string{``, `{}`, `{"token":1}`} {
		if _, err := TokenOfAnswer([]byte(answer)); !errors.Is(err, &Error{Code: "TOKEN_REFUSED", Field: "form"}) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// FuzzToken: no token and no key set panics, and none that is not signed is accepted.
func FuzzToken(f *testing.F) {
	key := newKey(f)
	keys := string(jsonOf(f, members{"keys": []members{{"kid": "a", "x5c": []string{certificate(f, key)}}}}))
	good := sign(f, key, goodHeader, goodClaims)
	f.Add(good, keys)
	f.Add("e30.e30.", `{"keys":[]}`)
	f.Fuzz(func(t *testing.T, token, set string) {
		if _, err := VerifyToken(token, Options{Issuer: issuer, Keys: []byte(set), Now: now}); err == nil && set == keys && token != good {
			t.Error("a token that nobody signed")
		}
	})
}
