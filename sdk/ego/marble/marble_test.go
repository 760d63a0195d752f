package marble

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
)

func TestGetTLSConfig(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: encoded}))
	variables := map[string]string{
		MarbleEnvironmentCertificateChain: certificate,
		MarbleEnvironmentRootCA:           certificate,
		MarbleEnvironmentPrivateKey:       string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
	for verifies, wanted := range map[bool]tls.ClientAuthType{false: tls.NoClientCert, true: tls.RequireAndVerifyClientCert} {
		config, err := GetTLSConfig(verifies)
		if err != nil || config.RootCAs == nil || len(config.Certificates) != 1 || config.ClientAuth != wanted || (config.ClientCAs != nil) != verifies {
			t.Errorf("verifying clients %v: %+v %v", verifies, config, err)
		}
	}
	for name, value := range variables {
		for _, bad := range []string{"", "hello"} {
			t.Setenv(name, bad)
			if _, err := GetTLSConfig(false); err == nil {
				t.Errorf("%s is %q: accepted", name, bad)
			}
		}
		t.Setenv(name, value)
	}
}
