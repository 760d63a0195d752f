// Command client verifies outside an enclave: with EGo's eclient the report on its input or the server at an address, or the token on its
// input.
package main

import (
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/eclient"
)

// answer is what was found: with an error about the level of the platform, there is a report too.
type answer struct {
	Report *attestation.Report `json:",omitempty"`
	Error  string              `json:",omitempty"`
}

func main() {
	var a answer
	var err error
	switch {
	case len(os.Args) == 1:
		err = verifyInput(&a, eclient.VerifyRemoteReport)
	case os.Args[1] == "token":
		err = verifyInput(&a, func(token []byte) (attestation.Report, error) {
			return attestation.VerifyAzureAttestationToken(string(token), os.Args[2])
		})
	default:
		err = connect(&a, os.Args[1], os.Args[2:])
	}
	if err != nil {
		a.Error = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(a)
}

func verifyInput(a *answer, verify func([]byte) (attestation.Report, error)) error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	verified, err := verify(input)
	if verified.UniqueID != nil {
		a.Report = &verified
	}
	return err
}

// connect accepts one enclave. With another argument the level of its platform does not matter.
func connect(a *answer, address string, options []string) error {
	var ignore []eclient.AttestOption
	if len(options) > 1 {
		ignore = append(ignore, eclient.WithIgnoreTCBStatus())
	}
	config := eclient.CreateAttestationClientTLSConfig(func(report attestation.Report) error {
		a.Report = &report
		if hex.EncodeToString(report.UniqueID) != options[0] {
			return fmt.Errorf("another enclave")
		}
		return nil
	}, ignore...)
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return err
	}
	return conn.Close()
}
