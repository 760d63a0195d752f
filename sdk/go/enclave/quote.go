package enclave

import (
	"enclos.invalid/sdk/internal/core"
	"enclos.invalid/sdk/internal/link"
	"enclos.invalid/sdk/internal/reportdata"
)

// QuoteRequest is what a quote is about.
type QuoteRequest struct {
	// Purpose is what the evidence is for, 1 to 255 bytes, for example "vault.upload.v1".
	Purpose string
	// Nonce is the challenge of the relying party, 16 to 1024 bytes.
	Nonce []byte
	// Key is a public key of this enclave, or nil.
	Key []byte
}

// Quote returns remote evidence whose report data bind purpose, nonce and key. The relying party verifies it, and appraises it with
// the same three.
func Quote(request QuoteRequest) ([]byte, error) {
	data, err := BoundReportData(request)
	if err != nil {
		return nil, err
	}
	return QuoteReportData(data[:])
}

// BoundReportData returns the report data of a quote for the request: SHA-256 over a domain tag, purpose, nonce and key, each with
// its length, then 32 zero bytes. The relying party computes the same.
func BoundReportData(request QuoteRequest) (data [ReportDataSize]byte, err error) {
	data, isBounded := reportdata.Bound(request.Purpose, request.Nonce, request.Key)
	if !isBounded {
		return data, &Error{Code: "VERIFIER_MISUSED",
			Message: "A purpose has 1 to 255 bytes, a nonce 16 to 1024, a key at most 65535."}
	}
	return data, nil
}

// QuoteReportData returns remote evidence over unchanged report data, 64 bytes, for protocols that define their content. It must be
// a hash that covers a tag of the protocol: report data that another party can choose would be evidence for any purpose.
func QuoteReportData(reportData []byte) ([]byte, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	target, err := link.Platform(core.EnclosPlatformQuotingTarget, nil)
	if err != nil {
		return nil, err
	}
	report, err := CreateReport(target, reportData)
	if err != nil {
		return nil, err
	}
	return link.Platform(core.EnclosPlatformQuote, report)
}
