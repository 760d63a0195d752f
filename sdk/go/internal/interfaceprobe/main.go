// Command interfaceprobe serves the interface `everything` of the tests: most of its functions return what they get.
package main

import (
	"bytes"
	"context"
	"log"

	"enclos.invalid/sdk/enclave"
	"enclos.invalid/sdk/internal/interfaceprobe/everything"
)

type mirror struct {
	host  everything.Host
	count uint64
}

func (m *mirror) Numbers(_ context.Context, in everything.NumbersArguments) (everything.NumbersArgumentsValue, error) {
	return in.Value, nil
}

func (m *mirror) Leaves(_ context.Context, in everything.LeavesArguments) ([]everything.LeavesArgumentsLeavesItem, error) {
	if in.First == nil {
		return in.Leaves, nil
	}
	return append([]everything.LeavesArgumentsLeavesItem{*in.First}, in.Leaves...), nil
}

func (m *mirror) Draw(_ context.Context, in everything.DrawArguments) (everything.DrawArguments, error) {
	return in, nil
}

func (m *mirror) Blob(_ context.Context, in everything.BlobArguments) ([]byte, error) {
	return bytes.Join([][]byte{in.Fixed, in.Free}, nil), nil
}

func (m *mirror) Ask(ctx context.Context, in everything.AskArguments) (string, error) {
	if err := m.host.Note(ctx, everything.NoteArguments{Leaf: everything.LeavesArgumentsLeavesItem{Name: "asked"}}); err != nil {
		return "", err
	}
	return m.host.Answer(ctx, in)
}

func (m *mirror) Count(context.Context) (uint64, error) {
	m.count++
	return m.count, nil
}

func (m *mirror) Forget(_ context.Context, in everything.ForgetArguments) error {
	if !in.All {
		return enclave.ApplicationError("all or nothing")
	}
	m.count = 0
	return nil
}

func (m *mirror) TooMuch(context.Context) (string, error) { return "much", nil }

func (m *mirror) Seal(_ context.Context, in everything.SealArguments) ([]byte, error) {
	return enclave.Seal(in.Plaintext, optionsOf(in.Policy, in.AssociatedData))
}

func (m *mirror) Unseal(_ context.Context, in everything.UnsealArguments) ([]byte, error) {
	return enclave.Unseal(in.Sealed, optionsOf(in.Policy, in.AssociatedData))
}

func optionsOf(policy everything.SealArgumentsPolicy, associated []byte) enclave.SealOptions {
	if policy == everything.SealArgumentsPolicyEnclave {
		return enclave.SealOptions{Policy: enclave.PolicyEnclave, AssociatedData: associated}
	}
	return enclave.SealOptions{Policy: enclave.PolicySigner, AssociatedData: associated}
}

func (m *mirror) SealKey(_ context.Context, in everything.SealKeyArguments) ([]byte, error) {
	return enclave.SealKey(enclave.PolicySigner, in.Label)
}

func (m *mirror) TargetInfo(context.Context) ([]byte, error) { return enclave.TargetInfo() }

func (m *mirror) CreateReport(_ context.Context, in everything.CreateReportArguments) ([]byte, error) {
	return enclave.CreateReport(in.Target, in.ReportData)
}

func (m *mirror) VerifyReport(_ context.Context, in everything.VerifyReportArguments) ([]byte, error) {
	identity, err := enclave.VerifyReport(in.Report, in.ReportData)
	if err != nil {
		return nil, err
	}
	return identity.MrEnclave[:], nil
}

func (m *mirror) Quote(_ context.Context, in everything.QuoteArguments) ([]byte, error) {
	return enclave.Quote(enclave.QuoteRequest{Purpose: "everything.v1", Nonce: in.Nonce})
}

func main() { log.Fatal(everything.Serve(&mirror{})) }
