// Package azure asks Azure Attestation, or another service of its interface, for a token about an enclave, and verifies such tokens. It
// does not use the network: the caller sends the request and fetches the keys, over TLS whose peer it has authenticated.
package azure

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"enclos.invalid/sdk/attestation"
	"enclos.invalid/sdk/internal/strictjson"
)

// Error is every failure: TOKEN_REFUSED, with the rule in Field, for a token that does not prove what it claims, and VERIFIER_MISUSED.
type Error = attestation.Error

// AttestPath is where the service takes [Request], with POST, and CertificatesPath where it publishes its keys.
const (
	AttestPath       = "/attest/OpenEnclave?api-version=2020-10-01"
	CertificatesPath = "/certs"
)

const (
	mostTokenBytes    = 262_144
	mostKeySetBytes   = 4_194_304
	mostKeys          = 64
	mostEvidenceBytes = 1_048_576
	leastKeyBits      = 2048
	clockSkew         = 5 * time.Minute
)

// Request is the body of a request for a token: a report of Open Enclave, and the data that its report data are the SHA-256 of.
func Request(report, runtimeData []byte) ([]byte, error) {
	if len(report) == 0 || len(report) > mostEvidenceBytes || len(runtimeData) > mostEvidenceBytes {
		return nil, &Error{Code: "VERIFIER_MISUSED", Message: "A report and its data have at most 1 MiB."}
	}
	type data struct {
		Data     string `json:"data"`
		DataType string `json:"dataType"`
	}
	return json.Marshal(struct {
		Report      string `json:"report"`
		RuntimeData data   `json:"runtimeData"`
	}{base64.RawURLEncoding.EncodeToString(report), data{base64.RawURLEncoding.EncodeToString(runtimeData), "Binary"}})
}

// TokenOfAnswer is the token in an answer of the service.
func TokenOfAnswer(answer []byte) (string, error) {
	object, _, err := strictjson.ParseMembers(string(answer), mostTokenBytes+1024)
	if err != nil {
		return "", refuse("form", "The answer is not JSON.", err)
	}
	token, isText := object.Values["token"].(string)
	if !isText {
		return "", refuse("form", "The answer has no token.", nil)
	}
	return token, nil
}

// Options say which tokens are accepted.
type Options struct {
	// Issuer is the URL of the service, exactly as `iss` has it.
	Issuer string
	// Keys is what the service publishes under CertificatesPath, JSON. Fetch it over TLS from the issuer.
	Keys []byte
	// Now is the time of verification.
	Now time.Time
}

// Claims are what a genuine token says about an enclave. The service has verified the evidence by its policy; what the caller accepts of
// it is the caller's to check.
type Claims struct {
	// HeldData are the data that the report data bind (x-ms-sgx-ehd).
	HeldData        []byte
	MRENCLAVE       [32]byte
	MRSIGNER        [32]byte
	ProductID       uint16
	SecurityVersion uint16
	Debug           bool
	// IssuedAt and ExpiresAt are when the token was issued, and when it ends.
	IssuedAt, ExpiresAt time.Time
}

// VerifyToken verifies a token: a JWS in compact form, signed with RS256 by a key that the service publishes with its certificate. Other
// algorithms, and headers that bring a key along, are refused.
func VerifyToken(token string, options Options) (*Claims, error) {
	if !strings.HasPrefix(options.Issuer, "https://") || options.Now.IsZero() {
		return nil, &Error{Code: "VERIFIER_MISUSED", Message: "The issuer is not a URL of https, or the time is missing."}
	}
	if len(token) > mostTokenBytes {
		return nil, refuse("size", "The token is too long.", nil)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, refuse("form", "The token is not three parts of base64url.", nil)
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return nil, refuse("form", "The token is not three parts of base64url.", err)
		}
	}
	id, err := readHeader(decoded[0])
	if err != nil {
		return nil, err
	}
	key, err := findKey(options.Keys, id)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], decoded[2]) != nil {
		return nil, refuse("signature", "The token is not signed by the key that it names.", nil)
	}
	return readClaims(decoded[1], options)
}

func refuse(rule, message string, cause error) error {
	return &Error{Code: "TOKEN_REFUSED", Field: rule, Message: message, Cause: cause}
}

// readHeader returns the id of the key.
func readHeader(header []byte) (string, error) {
	object, _, err := strictjson.ParseMembers(string(header), mostTokenBytes)
	if err != nil {
		return "", refuse("form", "The header of the token is not JSON.", err)
	}
	if object.Values["alg"] != "RS256" {
		return "", refuse("algorithm", "The token is not signed with RS256.", nil)
	}
	if _, has := object.Values["crit"]; has {
		return "", refuse("critical-header", "The token has critical headers.", nil)
	}
	for _, name := range []string{"jwk", "x5c", "x5u"} {
		if _, has := object.Values[name]; has {
			return "", refuse("key-location", "The token brings its key along.", nil)
		}
	}
	id, isText := object.Values["kid"].(string)
	if !isText || id == "" {
		return "", refuse("key-id", "The token does not name its key.", nil)
	}
	return id, nil
}

// findKey returns the key in the first certificate of the entry with this id.
func findKey(keys []byte, id string) (*rsa.PublicKey, error) {
	object, _, err := strictjson.ParseMembers(string(keys), mostKeySetBytes)
	if err != nil {
		return nil, refuse("unknown-key", "The keys of the service are not JSON.", err)
	}
	list, _ := object.Values["keys"].([]any)
	if len(list) > mostKeys {
		return nil, refuse("unknown-key", "The service has too many keys.", nil)
	}
	var found *strictjson.Object
	for _, item := range list {
		entry, isObject := item.(*strictjson.Object)
		if !isObject || entry.Values["kid"] != id {
			continue
		}
		if found != nil {
			return nil, refuse("unknown-key", "Two keys of the service have one id.", nil)
		}
		found = entry
	}
	if found == nil {
		return nil, refuse("unknown-key", "The service does not publish the key of the token.", nil)
	}
	key, err := keyOf(found)
	if err != nil {
		return nil, refuse("unusable-key", "The key of the token is not one of RSA in a certificate.", err)
	}
	return key, nil
}

func keyOf(entry *strictjson.Object) (*rsa.PublicKey, error) {
	if use, has := entry.Values["use"]; has && use != "sig" {
		return nil, errors.New("a key that is not for signatures")
	}
	chain, _ := entry.Values["x5c"].([]any)
	if len(chain) == 0 {
		return nil, errors.New("a key without a certificate")
	}
	text, _ := chain[0].(string)
	encoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(encoded)
	if err != nil {
		return nil, err
	}
	key, isRSA := c.PublicKey.(*rsa.PublicKey)
	if !isRSA || key.N.BitLen() < leastKeyBits {
		return nil, errors.New("not a key of RSA with 2,048 bits")
	}
	return key, nil
}

func readClaims(payload []byte, options Options) (*Claims, error) {
	value, err := strictjson.Parse(string(payload), mostTokenBytes)
	if err != nil {
		return nil, refuse("form", "The claims of the token are not JSON.", err)
	}
	r := strictjson.NewRecord(value, "claims")
	issuer := r.String("iss", 2048)
	from, until := r.Seconds("nbf"), r.Seconds("exp")
	c := &Claims{ExpiresAt: until, IssuedAt: r.Seconds("iat")}
	copy(c.MRENCLAVE[:], r.Hex("x-ms-sgx-mrenclave", 32))
	copy(c.MRSIGNER[:], r.Hex("x-ms-sgx-mrsigner", 32))
	c.ProductID, c.SecurityVersion = uint16(r.Integer("x-ms-sgx-product-id", 0xffff)), uint16(r.Integer("x-ms-sgx-svn", 0xffff))
	c.Debug = r.Boolean("x-ms-sgx-is-debuggable")
	if r.Has("x-ms-sgx-ehd") {
		text := r.String("x-ms-sgx-ehd", mostTokenBytes)
		if c.HeldData, err = base64.RawURLEncoding.Strict().DecodeString(text); err != nil {
			r.Failf("x-ms-sgx-ehd is not base64url.")
		}
	}
	switch {
	case r.Err() != nil:
		return nil, refuse("claims", "A claim is missing or malformed.", r.Err())
	case issuer != options.Issuer:
		return nil, refuse("issuer", "The token is of another issuer.", nil)
	case !options.Now.Before(until):
		return nil, refuse("expired", "The token has expired.", nil)
	case options.Now.Add(clockSkew).Before(from):
		return nil, refuse("not-yet-valid", "The token is not valid yet.", nil)
	case options.Now.Add(clockSkew).Before(c.IssuedAt):
		return nil, refuse("issued-in-future", "The token was issued in the future.", nil)
	}
	return c, nil
}
