// Package ego_test holds the module to the exported surface of EGo: what a program of EGo can name is here, with the same type, and nothing
// else is, so that a program of this module is one of EGo too.
package ego_test

import (
	"crypto/tls"
	"crypto/x509"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/attestation/tcbstatus"
	"github.com/edgelesssys/ego/eclient"
	"github.com/edgelesssys/ego/ecrypto"
	"github.com/edgelesssys/ego/enclave"
	"github.com/edgelesssys/ego/marble"
)

type (
	checks  = func(attestation.Report) error
	verify  = func([]byte) (attestation.Report, error)
	certify = func(template, parent *x509.Certificate, pub, priv any) ([]byte, error)
	server  = func() (*tls.Config, error)
	newKey  = func() (key, keyInfo []byte, err error)
	seals   = func(text, additionalData []byte) ([]byte, error)
	crypts  = func(text, key, additionalData []byte) ([]byte, error)
)

// surface are the types of everything that is exported, as compile-time facts.
var (
	_ error                                             = attestation.ErrEmptyReport
	_ error                                             = attestation.ErrTCBLevelInvalid
	_ func(string, string) (attestation.Report, error)  = attestation.VerifyAzureAttestationToken
	_ func(tcbstatus.Status) string                     = tcbstatus.Explain
	_ func(tcbstatus.Status) string                     = tcbstatus.Status.String
	_ uint                                              = uint(tcbstatus.UpToDate)
	_ verify                                            = eclient.VerifyRemoteReport
	_ func() eclient.AttestOption                       = eclient.WithIgnoreTCBStatus
	_ func(checks, ...eclient.AttestOption) *tls.Config = eclient.CreateAttestationClientTLSConfig
	_ crypts                                            = ecrypto.Encrypt
	_ crypts                                            = ecrypto.Decrypt
	_ seals                                             = ecrypto.SealWithUniqueKey
	_ seals                                             = ecrypto.SealWithUniqueKey256
	_ seals                                             = ecrypto.SealWithProductKey
	_ seals                                             = ecrypto.SealWithProductKey256
	_ seals                                             = ecrypto.Unseal
	_ seals                                             = ecrypto.Unseal256
	_ certify                                           = enclave.CreateAttestationCertificate
	_ certify                                           = enclave.CreateAttestationCertificateInOpenEnclaveFormat
	_ func(checks, ...enclave.AttestOption) *tls.Config = enclave.CreateAttestationClientTLSConfig
	_ server                                            = enclave.CreateAttestationServerTLSConfig
	_ server                                            = enclave.CreateAttestationServerTLSConfigInOpenEnclaveFormat
	_ func([]byte, string) (string, error)              = enclave.CreateAzureAttestationToken
	_ func(data, target []byte) ([]byte, error)         = enclave.GetLocalReport
	_ func([]byte) ([]byte, error)                      = enclave.GetRemoteReport
	_ newKey                                            = enclave.GetProductSealKey
	_ newKey                                            = enclave.GetRandomProductSealKey
	_ newKey                                            = enclave.GetRandomUniqueSealKey
	_ newKey                                            = enclave.GetUniqueSealKey
	_ func([]byte) ([]byte, error)                      = enclave.GetSealKey
	_ func() ([]byte, error)                            = enclave.GetSealKeyID
	_ func() (attestation.Report, error)                = enclave.GetSelfReport
	_ verify                                            = enclave.VerifyLocalReport
	_ verify                                            = enclave.VerifyRemoteReport
	_ func() enclave.AttestOption                       = enclave.WithIgnoreTCBStatus
	_ func(bool) (*tls.Config, error)                   = marble.GetTLSConfig
	_ string                                            = marble.MarbleEnvironmentCertificateChain
	_                                                   = attestation.Report(struct {
		Data             []byte
		SecurityVersion  uint
		Debug            bool
		UniqueID         []byte
		SignerID         []byte
		ProductID        []byte
		TCBStatus        tcbstatus.Status
		TCBAdvisories    []string
		TCBAdvisoriesErr error
	}{})
)

// exported are the names that EGo's packages export (release 1.9).
var exported = map[string]string{
	"attestation": "ErrEmptyReport ErrTCBLevelInvalid Report VerifyAzureAttestationToken",
	"attestation/tcbstatus": "ConfigurationAndSWHardeningNeeded ConfigurationNeeded Explain OutOfDate OutOfDateConfigurationNeeded Revoked " +
		"SWHardeningNeeded Status Status.String Unknown UpToDate",
	"eclient": "AttestOption CreateAttestationClientTLSConfig VerifyRemoteReport WithIgnoreTCBStatus",
	"ecrypto": "Decrypt Encrypt SealWithProductKey SealWithProductKey256 SealWithUniqueKey SealWithUniqueKey256 Unseal Unseal256",
	"enclave": "AttestOption CreateAttestationCertificate CreateAttestationCertificateInOpenEnclaveFormat CreateAttestationClientTLSConfig " +
		"CreateAttestationServerTLSConfig CreateAttestationServerTLSConfigInOpenEnclaveFormat CreateAzureAttestationToken GetLocalReport " +
		"GetProductSealKey GetRandomProductSealKey GetRandomUniqueSealKey GetRemoteReport GetSealKey GetSealKeyID GetSelfReport " +
		"GetUniqueSealKey VerifyLocalReport VerifyRemoteReport WithIgnoreTCBStatus",
	"marble": "GetTLSConfig MarbleEnvironmentCertificateChain MarbleEnvironmentPrivateKey MarbleEnvironmentRootCA",
}

func TestExportedNames(t *testing.T) {
	for folder, want := range exported {
		if found := strings.Join(namesOf(t, folder), " "); found != want {
			t.Errorf("%s exports\n %s\nnot\n %s", folder, found, want)
		}
	}
}

func namesOf(t *testing.T, folder string) []string {
	t.Helper()
	parsed, err := parser.ParseDir(token.NewFileSet(), folder, func(file fs.FileInfo) bool {
		return !strings.HasSuffix(file.Name(), "_test.go")
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parsed {
		documented := doc.New(p, folder, 0)
		values := append(documented.Consts, documented.Vars...)
		functions := documented.Funcs
		for _, each := range documented.Types {
			names = append(names, each.Name)
			values = append(append(values, each.Consts...), each.Vars...)
			functions = append(functions, each.Funcs...)
			for _, method := range each.Methods {
				names = append(names, each.Name+"."+method.Name)
			}
		}
		for _, each := range functions {
			names = append(names, each.Name)
		}
		for _, each := range values {
			names = append(names, each.Names...)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !ast.IsExported(name) })
	slices.Sort(names)
	return slices.Compact(names)
}

func TestStatuses(t *testing.T) {
	names := strings.Fields("UpToDate OutOfDate Revoked ConfigurationNeeded OutOfDateConfigurationNeeded SWHardeningNeeded " +
		"ConfigurationAndSWHardeningNeeded Unknown")
	explained := map[string]bool{}
	for value, name := range names {
		status := tcbstatus.Status(value)
		if status.String() != name {
			t.Errorf("%d is %s, not %s", value, status, name)
		}
		explained[tcbstatus.Explain(status)] = true
	}
	if len(explained) != len(names) || explained[""] {
		t.Errorf("%d explanations of %d statuses", len(explained), len(names))
	}
	if beyond := tcbstatus.Status(8); beyond.String() != "Status(8)" || tcbstatus.Explain(beyond) != tcbstatus.Explain(tcbstatus.Unknown) {
		t.Errorf("a value that is not one: %s, %s", beyond, tcbstatus.Explain(beyond))
	}
}
