// Package remote verifies remote reports: quotes in the form of Open Enclave. EGo's functions for that take a report and nothing else, so
// this package says whom they trust, and where the collateral of a quote comes from.
package remote

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	sdk "enclos.invalid/sdk/attestation"
	"enclos.invalid/sdk/oe"
	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/attestation/tcbstatus"
)

// Trust is whom a program trusts, and where collateral comes from.
type Trust struct {
	// Roots are the roots of platforms that count.
	Roots func() ([]sdk.Root, error)
	// Advisories are those that do not count: a platform for which there are no others passes as one that is up to date.
	Advisories func() ([]string, error)
	// Collateral gets the endorsements for quotes of this origin. They are not trusted.
	Collateral func(origin *sdk.Origin) (*sdk.Endorsements, error)
}

var statuses = map[sdk.Status]tcbstatus.Status{
	sdk.StatusOK:                                tcbstatus.UpToDate,
	sdk.StatusOutOfDate:                         tcbstatus.OutOfDate,
	sdk.StatusRevoked:                           tcbstatus.Revoked,
	sdk.StatusConfigurationNeeded:               tcbstatus.ConfigurationNeeded,
	sdk.StatusOutOfDateConfigurationNeeded:      tcbstatus.OutOfDateConfigurationNeeded,
	sdk.StatusSWHardeningNeeded:                 tcbstatus.SWHardeningNeeded,
	sdk.StatusConfigurationAndSWHardeningNeeded: tcbstatus.ConfigurationAndSWHardeningNeeded,
}

// Verify verifies a report now. With attestation.ErrTCBLevelInvalid it returns the report too.
func (t *Trust) Verify(report []byte) (attestation.Report, error) {
	if len(report) == 0 {
		return attestation.Report{}, attestation.ErrEmptyReport
	}
	kind, quote, err := oe.ParseReport(report)
	if err == nil && kind != oe.Remote {
		err = errors.New("a remote report is needed, and this is a local one")
	}
	if err != nil {
		return attestation.Report{}, err
	}
	facts, err := t.verify(quote, time.Now())
	if err != nil {
		return attestation.Report{}, err
	}
	accepted, err := t.Advisories()
	if err != nil {
		return attestation.Report{}, err
	}
	return judge(facts, accepted)
}

func (t *Trust) verify(quote []byte, now time.Time) (*sdk.Facts, error) {
	origin, err := sdk.ReadOrigin(quote)
	if err != nil {
		return nil, err
	}
	roots, err := t.Roots()
	if err != nil {
		return nil, err
	}
	// The verifier asks this too, but only after collateral has been fetched: a report could name any platform.
	if !slices.Contains(roots, origin.Root) {
		return nil, &sdk.Error{Code: "EVIDENCE_REFUSED", Step: "trusted-root", Status: "SGX_PCK_CERT_CHAIN_UNTRUSTED",
			Message: "The chain ends in a root that is not trusted here: " + origin.Root.Fingerprint() + "."}
	}
	endorsements, err := t.Collateral(origin)
	if err != nil {
		return nil, err
	}
	verdict, err := sdk.VerifyQuote(quote, endorsements, sdk.VerifyOptions{Roots: roots, Now: now})
	if err != nil {
		return nil, err
	}
	facts := verdict.Facts()
	return &facts, nil
}

// judge refuses what Open Enclave refuses besides: collateral that is not in force, and a platform below every level.
func judge(facts *sdk.Facts, accepted []string) (attestation.Report, error) {
	if parts := append(slices.Clone(facts.Collateral.Expired), facts.Collateral.NotYetValid...); len(parts) > 0 {
		return attestation.Report{}, &sdk.Error{Code: "APPRAISAL_REFUSED", Field: "expiredCollateralGraceMs",
			Message: fmt.Sprintf("Parts of the collateral are not in force at %s: %v.", facts.VerifiedAt.UTC().Format(time.RFC3339), parts)}
	}
	status, isKnown := statuses[facts.Status]
	if !isKnown {
		return attestation.Report{}, &sdk.Error{Code: "APPRAISAL_REFUSED", Field: "acceptedStatuses",
			Message: "The platform reaches no level of its TCB info: " + string(facts.Status) + "."}
	}
	enclave := &facts.Report
	report := attestation.Report{
		Data:            slices.Clone(enclave.ReportData[:]),
		SecurityVersion: uint(enclave.SecurityVersion),
		Debug:           enclave.IsDebug(),
		UniqueID:        slices.Clone(enclave.MRENCLAVE[:]),
		SignerID:        slices.Clone(enclave.MRSIGNER[:]),
		ProductID:       make([]byte, 16),
		TCBStatus:       status,
		TCBAdvisories:   facts.Advisories,
	}
	binary.LittleEndian.PutUint16(report.ProductID, enclave.ProductID)
	if status == tcbstatus.UpToDate || status != tcbstatus.Revoked && areAccepted(facts, accepted) {
		return report, nil
	}
	return report, attestation.ErrTCBLevelInvalid
}

// areAccepted tells whether each advisory is accepted. A level that names none, of the platform or of its quoting enclave, leaves open what
// is wrong with it.
func areAccepted(facts *sdk.Facts, accepted []string) bool {
	for _, id := range facts.Advisories {
		if !slices.Contains(accepted, id) {
			return false
		}
	}
	return !facts.Unexplained && len(facts.Advisories) > 0
}
