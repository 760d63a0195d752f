// Package attestation has what verified reports say, in the form of EGo.
package attestation

import (
	"errors"

	"github.com/edgelesssys/ego/attestation/tcbstatus"
)

var (
	// ErrEmptyReport is for a report without bytes.
	ErrEmptyReport = errors.New("empty report")
	// ErrTCBLevelInvalid comes with a report that is genuine, but whose platform is not up to date: see TCBStatus of the report. Its text is
	// the name of Open Enclave's result, which programs compare.
	ErrTCBLevelInvalid = errors.New("OE_TCB_LEVEL_INVALID")
)

// Report is what a genuine report says. Whether it is the report of the right enclave is for the caller to check: UniqueID, or SignerID
// with ProductID, SecurityVersion and Debug.
type Report struct {
	// Data are the report data: 64 bytes, or of a token what the report data are the hash of.
	Data            []byte
	SecurityVersion uint // ISVSVN
	Debug           bool // a debugger can read the memory of the enclave
	UniqueID        []byte
	SignerID        []byte
	// ProductID is ISVPRODID, little-endian, in 16 bytes.
	ProductID []byte
	TCBStatus tcbstatus.Status
	// TCBAdvisories are the advisories of the vendor for the level of the platform.
	TCBAdvisories []string
	// TCBAdvisoriesErr is always nil here: the advisories are part of what is verified.
	TCBAdvisoriesErr error
}
