package attestation

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"time"

	"enclos.invalid/sdk/internal/reportdata"
)

// Binding is what ties evidence to a conversation. Without it, anybody's quote of the same enclave would do, so it is never left out
// silently. Make one with [BoundTo] or [Unbound].
type Binding struct {
	reportData []byte
	reason     string
}

// BoundTo expects these report data, 64 bytes.
func BoundTo(reportData []byte) Binding { return Binding{reportData: append([]byte{}, reportData...)} }

// Unbound expects nothing of the report data: for inspection, or when something else ties the evidence down. The reason, which must
// not be empty, stays in the result.
func Unbound(reason string) Binding { return Binding{reason: reason} }

// BoundReportData are the report data of a quote about purpose, nonce and key, as Quote of package enclave makes it: give them to
// [BoundTo]. The purpose has 1 to 255 bytes, the nonce 16 to 1024, the key at most 65535, or is nil; VERIFIER_MISUSED is for others.
func BoundReportData(purpose string, nonce, key []byte) ([]byte, error) {
	data, isBounded := reportdata.Bound(purpose, nonce, key)
	if !isBounded {
		return nil, misused("A purpose has 1 to 255 bytes, a nonce 16 to 1024, a key at most 65535.")
	}
	return data[:], nil
}

// Evidence is what a relying party's policy accepted. Only [Appraise] makes one: ask for it where trust is needed.
type Evidence struct {
	facts   Facts
	unbound string
	at      time.Time
}

// Report is what the quote says about the enclave.
func (e *Evidence) Report() Report { return e.facts.Report }

// MRENCLAVE, MRSIGNER, ProductID and SecurityVersion are the identity of the enclave.
func (e *Evidence) MRENCLAVE() [32]byte { return e.facts.Report.MRENCLAVE }

// MRSIGNER is the signer of the enclave.
func (e *Evidence) MRSIGNER() [32]byte { return e.facts.Report.MRSIGNER }

// ProductID is the ISVPRODID.
func (e *Evidence) ProductID() uint16 { return e.facts.Report.ProductID }

// SecurityVersion is the ISVSVN.
func (e *Evidence) SecurityVersion() uint16 { return e.facts.Report.SecurityVersion }

// Status is the TCB status that was accepted.
func (e *Evidence) Status() Status { return e.facts.Status }

// UnboundReason is why nothing was expected of the report data; empty when something was.
func (e *Evidence) UnboundReason() string { return e.unbound }

// AppraisedAt is the time that was given to Appraise.
func (e *Evidence) AppraisedAt() time.Time { return e.at }

// Facts returns a copy of all facts of the verdict.
func (e *Evidence) Facts() Facts { return (&Verdict{&e.facts}).Facts() }

// Appraise decides whether a verdict is good enough. Everything that the policy does not allow by name is refused. now is the relying
// party's time; collateral is compared with it again.
//
// APPRAISAL_REFUSED holds the rule in Field, and what it wants and found in Expected and Got. VERIFIER_MISUSED is for a verdict or a
// policy of another origin, and for a binding that is missing.
func Appraise(verdict *Verdict, policy *Policy, binding Binding, now time.Time) (*Evidence, error) {
	switch {
	case verdict == nil || verdict.facts == nil:
		return nil, misused("The verdict is not a result of VerifyQuote.")
	case policy == nil || policy.statuses == nil:
		return nil, misused("The policy is not a result of ParsePolicy.")
	case now.IsZero():
		return nil, misused("The time is missing.")
	}
	facts := verdict.facts
	for _, check := range []func(*Facts, *Policy, time.Time) error{checkEnclave, checkRoot, checkStatus, checkTime} {
		if err := check(facts, policy, now); err != nil {
			return nil, err
		}
	}
	if binding.reportData == nil {
		if strings.TrimSpace(binding.reason) == "" {
			return nil, misused("The binding is missing: give BoundTo, or Unbound with a reason.")
		}
	} else if len(binding.reportData) != len(facts.Report.ReportData) {
		return nil, misused("The report data are not 64 bytes.")
	} else if !bytes.Equal(binding.reportData, facts.Report.ReportData[:]) {
		return nil, refuseByRule("binding", "the expected report data", "other report data")
	}
	return &Evidence{facts: *facts, unbound: binding.reason, at: now}, nil
}

// requireListed refuses a value that a rule does not list; without the rule, any value will do.
func requireListed(field string, listed []string, value string) error {
	if listed == nil || slices.Contains(listed, value) {
		return nil
	}
	return refuseByRule(field, listed, value)
}

func checkEnclave(facts *Facts, p *Policy, _ time.Time) error {
	report := &facts.Report
	if report.IsDebug() && !p.allowDebug {
		return refuseByRule("allowDebug", "no debug enclave", "a debug enclave")
	}
	if err := requireListed("mrEnclave", p.mrEnclave, hex.EncodeToString(report.MRENCLAVE[:])); err != nil {
		return err
	}
	if err := requireListed("mrSigner", p.mrSigner, hex.EncodeToString(report.MRSIGNER[:])); err != nil {
		return err
	}
	if p.productID != nil && uint32(report.ProductID) != *p.productID {
		return refuseByRule("productId", *p.productID, report.ProductID)
	}
	if uint32(report.SecurityVersion) < p.minimumSVN {
		return refuseByRule("minimumSecurityVersion", p.minimumSVN, report.SecurityVersion)
	}
	return checkKeySeparation(report, p)
}

// checkKeySeparation: without KSS the processor puts zeros into these fields, which say nothing.
func checkKeySeparation(report *Report, p *Policy) error {
	if p.keySeparation == "" {
		return nil
	}
	if report.Flags&attributeKSS == 0 {
		return refuseByRule(p.keySeparation, "an enclave with KSS", "an enclave without KSS")
	}
	for _, rule := range []struct {
		field  string
		listed []string
		value  []byte
	}{
		{"extendedProductId", p.extendedProduct, report.ExtendedProductID[:]},
		{"familyId", p.family, report.FamilyID[:]},
		{"configId", p.config, report.ConfigID[:]},
	} {
		if err := requireListed(rule.field, rule.listed, hex.EncodeToString(rule.value)); err != nil {
			return err
		}
	}
	if p.minimumConfigSVN != nil && uint32(report.ConfigSVN) < *p.minimumConfigSVN {
		return refuseByRule("minimumConfigSecurityVersion", *p.minimumConfigSVN, report.ConfigSVN)
	}
	return nil
}

func checkRoot(facts *Facts, p *Policy, _ time.Time) error {
	fingerprint := facts.Root.Fingerprint()
	if facts.Root.Kind() == RootIntel {
		if !p.intelRoot {
			return refuseByRule("intelRoot", "no platform of Intel", fingerprint)
		}
		return nil
	}
	return requireListed("softwareRoots", append([]string{}, p.softwareRoots...), fingerprint)
}

func checkStatus(facts *Facts, p *Policy, now time.Time) error {
	if err := requireListed("acceptedStatuses", p.statuses, string(facts.Status)); err != nil {
		return err
	}
	latest := later(now, facts.VerifiedAt)
	refused, accepted := advisoriesInForce(p.refused, latest), advisoriesInForce(p.accepted, latest)
	var found, open []string
	for _, id := range facts.Advisories {
		if slices.Contains(refused, id) {
			found = append(found, id)
		}
		if facts.Status != StatusOK && !slices.Contains(accepted, id) {
			open = append(open, id)
		}
	}
	if found != nil {
		return refuseByRule("refusedAdvisoryIds", refused, found)
	}
	if open != nil {
		return refuseByRule("acceptedAdvisoryIds", accepted, open)
	}
	if lowest := min(facts.TCBInfoNumber, facts.QEIdentityNumber); lowest < p.minimumEvaluation {
		return refuseByRule("minimumTcbEvaluationDataNumber", p.minimumEvaluation, lowest)
	}
	return nil
}

func advisoriesInForce(all []advisory, at time.Time) (ids []string) {
	for _, one := range all {
		if one.until.IsZero() || !at.After(one.until) {
			ids = append(ids, one.id)
		}
	}
	return ids
}

// checkTime looks at whether the clock is right, nothing has ended for too long, no document is too old, and nothing begins later. Of
// the time of verification and that of appraisal, the worse counts.
func checkTime(facts *Facts, p *Policy, now time.Time) error {
	earliest, latest := earlier(now, facts.VerifiedAt), later(now, facts.VerifiedAt)
	if p.timeFloor != nil && earliest.Before(*p.timeFloor) {
		return refuseByRule("timeFloor", *p.timeFloor, earliest)
	}
	dates := facts.Collateral
	err := checkParts("expiredCollateralGraceMs", datedParts, p.grace, 0, func(part Part) int64 {
		return latest.Sub(dates.Parts[part].Until).Milliseconds()
	})
	if err == nil {
		err = checkParts("maximumCollateralAgeMs", documentParts, p.age, math.MaxInt64, func(part Part) int64 {
			return latest.Sub(dates.Parts[part].From).Milliseconds()
		})
	}
	if err != nil {
		return err
	}
	isEarly := facts.PCKNotYetValid || len(dates.NotYetValid) > 0 || now.Before(dates.LatestIssue)
	if isEarly && !p.allowNotYetValid {
		return refuseByRule("allowNotYetValid", "nothing that begins in the future", dates.NotYetValid)
	}
	return nil
}

// checkParts refuses parts for which more has elapsed than the rule allows; without is for a part that no rule says anything about.
func checkParts(field string, parts []Part, rule durations, without int64, elapsedMs func(Part) int64) error {
	for _, part := range parts {
		limit, has := rule[string(part)]
		if !has {
			limit, has = rule["default"]
		}
		if !has {
			limit = without
		}
		if elapsedMs(part) > limit {
			return refuseByRule(field, limit, part)
		}
	}
	return nil
}
