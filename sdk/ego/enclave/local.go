package enclave

import (
	"encoding/binary"
	"errors"
	"slices"

	sdk "enclos.invalid/sdk/enclave"
	"enclos.invalid/sdk/oe"
	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/attestation/tcbstatus"
)

const (
	// offsetQuotedReport is where a quote holds the body of the report that it is about, and bodySize what that takes.
	offsetQuotedReport = 48
	bodySize           = 384
)

// GetLocalReport proves this enclave to another one on the same machine: the one that made targetReport, which may be one for no enclave,
// by GetLocalReport(nil, nil). reportData are at most 64 bytes, and zero bytes follow them.
func GetLocalReport(reportData []byte, targetReport []byte) ([]byte, error) {
	data, err := padded(reportData)
	if err != nil {
		return nil, err
	}
	target := make([]byte, sdk.TargetInfoSize)
	if len(targetReport) > 0 {
		identity, err := readAnyReport(targetReport)
		if err != nil {
			return nil, err
		}
		target = identity.TargetInfo()
	}
	report, err := sdk.CreateReport(target, data)
	if err != nil {
		return nil, outcome(err)
	}
	return oe.EncodeReport(oe.Local, report), nil
}

// readAnyReport reads the identity in a report of either kind, without verifying it.
func readAnyReport(report []byte) (*sdk.Identity, error) {
	kind, body, err := oe.ParseReport(report)
	if err != nil {
		return nil, err
	}
	if kind == oe.Local {
		return sdk.ParseReport(body)
	}
	if len(body) < offsetQuotedReport+bodySize {
		return nil, errors.New("the remote report holds no quote")
	}
	whole := make([]byte, sdk.ReportSize)
	copy(whole, body[offsetQuotedReport:offsetQuotedReport+bodySize])
	return sdk.ParseReport(whole)
}

// VerifyLocalReport finds out whether an enclave of this machine made the report for this one. The caller then checks what the report says:
// that Data answers its challenge, which enclave it is, and whether a debug enclave is good enough.
func VerifyLocalReport(reportBytes []byte) (attestation.Report, error) {
	if len(reportBytes) == 0 {
		return attestation.Report{}, attestation.ErrEmptyReport
	}
	kind, body, err := oe.ParseReport(reportBytes)
	if err == nil && kind != oe.Local {
		err = errors.New("a local report is needed, and this is a remote one")
	}
	if err != nil {
		return attestation.Report{}, err
	}
	identity, err := sdk.AuthenticateReport(body)
	if err != nil {
		return attestation.Report{}, outcome(err)
	}
	return reportOf(identity), nil
}

// GetSelfReport says what this enclave is. It is not evidence.
func GetSelfReport() (attestation.Report, error) {
	identity, err := sdk.ReadIdentity()
	if err != nil {
		return attestation.Report{}, outcome(err)
	}
	return reportOf(identity), nil
}

func reportOf(identity *sdk.Identity) attestation.Report {
	report := attestation.Report{
		Data:            slices.Clone(identity.ReportData[:]),
		SecurityVersion: uint(identity.SecurityVersion),
		Debug:           identity.Debug(),
		UniqueID:        slices.Clone(identity.MrEnclave[:]),
		SignerID:        slices.Clone(identity.MrSigner[:]),
		ProductID:       make([]byte, 16),
		TCBStatus:       tcbstatus.Unknown,
	}
	binary.LittleEndian.PutUint16(report.ProductID, identity.ProductID)
	return report
}

// padded are 64 bytes of report data.
func padded(reportData []byte) ([]byte, error) {
	if len(reportData) > sdk.ReportDataSize {
		return nil, errors.New("reportData too large: it has at most 64 bytes, so give its hash")
	}
	return append(slices.Clone(reportData), make([]byte, sdk.ReportDataSize-len(reportData))...), nil
}

// unsupported is the error of every function outside an enclave. Its text is the name of Open Enclave's result, which programs compare.
type unsupported struct{ cause error }

func (u unsupported) Error() string { return "OE_UNSUPPORTED" }
func (u unsupported) Unwrap() error { return u.cause }

func outcome(err error) error {
	if errors.Is(err, &sdk.Error{Code: "ENCLAVE_NOT_BOOTED"}) {
		return unsupported{err}
	}
	return err
}
