// Package marble gives a program of a MarbleRun mesh its TLS configuration.
package marble

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// The variables in which the coordinator of MarbleRun hands over certificates and keys, PEM.
const (
	MarbleEnvironmentCertificateChain = "MARBLE_PREDEFINED_MARBLE_CERTIFICATE_CHAIN"
	MarbleEnvironmentRootCA           = "MARBLE_PREDEFINED_ROOT_CA"
	MarbleEnvironmentPrivateKey       = "MARBLE_PREDEFINED_PRIVATE_KEY"
)

// GetTLSConfig returns a configuration for servers and clients that trust the root of the mesh, with the certificate of this program. With
// verifyClientCerts a server refuses clients without a certificate of the mesh.
func GetTLSConfig(verifyClientCerts bool) (*tls.Config, error) {
	var texts [3][]byte
	for i, name := range []string{MarbleEnvironmentCertificateChain, MarbleEnvironmentPrivateKey, MarbleEnvironmentRootCA} {
		value := os.Getenv(name)
		if value == "" {
			return nil, fmt.Errorf("the environment variable %s is not set", name)
		}
		texts[i] = []byte(value)
	}
	certificate, err := tls.X509KeyPair(texts[0], texts[1])
	if err != nil {
		return nil, fmt.Errorf("certificate and key of the marble: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(texts[2]) {
		return nil, errors.New("the root of the mesh is not a certificate")
	}
	config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}}
	if verifyClientCerts {
		config.ClientCAs, config.ClientAuth = roots, tls.RequireAndVerifyClientCert
	}
	return config, nil
}
