// Command server is a program of EGo: it serves TLS with both forms of certificates, and does what the host of the test asks of EGo's
// packages. Its go.mod is as one of EGo's samples: what it requires indirectly is nowhere.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"

	"enclos.invalid/sdk/edl"
	sdk "enclos.invalid/sdk/enclave"
	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/eclient"
	"github.com/edgelesssys/ego/ecrypto"
	"github.com/edgelesssys/ego/enclave"
)

const mostBytes = 1 << 20

func main() {
	serve(":8443", enclave.CreateAttestationServerTLSConfig)
	serve(":8444", enclave.CreateAttestationServerTLSConfigInOpenEnclaveFormat)
	err := sdk.Serve(sdk.Interface{Functions: []sdk.Function{{MaxArguments: 2*mostBytes + 1024, Call: run}}})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func serve(address string, configure func() (*tls.Config, error)) {
	config, err := configure()
	if err == nil {
		var listener net.Listener
		if listener, err = tls.Listen("tcp", address, config); err == nil {
			go echo(listener)
			return
		}
	}
	fmt.Fprintln(os.Stderr, address, err)
	os.Exit(1)
}

func echo(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(conn, conn)
		}()
	}
}

// answer is what a function gave: bytes, a report, or only an error, and a report may come with an error.
type answer struct {
	Value  []byte              `json:",omitempty"`
	Info   []byte              `json:",omitempty"`
	Report *attestation.Report `json:",omitempty"`
	Error  string              `json:",omitempty"`
}

func run(_ context.Context, arguments []byte) ([]byte, error) {
	r := edl.NewReader(arguments, "run")
	what, input, more := r.String(1, 64), r.Bytes(0, mostBytes), r.Bytes(0, mostBytes)
	if err := r.End(); err != nil {
		return nil, err
	}
	a, err := do(what, input, more)
	if err != nil {
		a.Error = err.Error()
	}
	text, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	w := edl.NewWriter("answer")
	w.Bytes(text, 0, mostBytes)
	return w.Encoded()
}

func value(b []byte, err error) (answer, error) { return answer{Value: b}, err }

func withInfo(key, info []byte, err error) (answer, error) {
	return answer{Value: key, Info: info}, err
}

func report(r attestation.Report, err error) (answer, error) {
	if r.UniqueID == nil {
		return answer{}, err
	}
	return answer{Report: &r}, err
}

func do(what string, input, more []byte) (answer, error) {
	switch what {
	case "remote":
		return value(enclave.GetRemoteReport(input))
	case "verifyRemote":
		return report(enclave.VerifyRemoteReport(input))
	case "verifyAsClient":
		return report(eclient.VerifyRemoteReport(input))
	case "local":
		return value(enclave.GetLocalReport(input, more))
	case "verifyLocal":
		return report(enclave.VerifyLocalReport(input))
	case "self":
		return report(enclave.GetSelfReport())
	case "verifyCertificate":
		return verifyCertificate(input)
	case "sealKeyID":
		return value(enclave.GetSealKeyID())
	case "sealKey":
		return value(enclave.GetSealKey(input))
	case "uniqueKey":
		return withInfo(enclave.GetRandomUniqueSealKey())
	case "productKey":
		return withInfo(enclave.GetRandomProductSealKey())
	case "fixedUniqueKey":
		return withInfo(enclave.GetUniqueSealKey())
	case "fixedProductKey":
		return withInfo(enclave.GetProductSealKey())
	case "sealUnique":
		return value(ecrypto.SealWithUniqueKey(input, more))
	case "sealProduct":
		return value(ecrypto.SealWithProductKey(input, more))
	case "sealUnique256":
		return value(ecrypto.SealWithUniqueKey256(input, more))
	case "sealProduct256":
		return value(ecrypto.SealWithProductKey256(input, more))
	case "unseal":
		return value(ecrypto.Unseal(input, more))
	case "unseal256":
		return value(ecrypto.Unseal256(input, more))
	case "azureToken":
		token, err := enclave.CreateAzureAttestationToken(input, string(more))
		return answer{Value: []byte(token)}, err
	case "sdkSeal":
		return value(sdk.Seal(input, sdk.SealOptions{Policy: sdk.PolicySigner, AssociatedData: more}))
	case "sdkUnseal":
		return value(sdk.Unseal(input, sdk.SealOptions{Policy: sdk.PolicySigner, AssociatedData: more}))
	}
	return answer{}, fmt.Errorf("there is no %s", what)
}

// verifyCertificate does what a client of TLS does with the certificate of its server.
func verifyCertificate(certificate []byte) (found answer, err error) {
	config := enclave.CreateAttestationClientTLSConfig(func(r attestation.Report) error {
		found.Report = &r
		return nil
	}, enclave.WithIgnoreTCBStatus())
	err = config.VerifyPeerCertificate([][]byte{certificate}, [][]*x509.Certificate(nil))
	return found, err
}
