package attestation

import (
	"time"

	"enclos.invalid/sdk/internal/der"
)

// Part is one part of what a verdict rests on that has dates.
type Part string

// The parts. The last four are documents, which are issued again and again.
const (
	PartRootCertificate         Part = "rootCertificate"
	PartIntermediateCertificate Part = "intermediateCertificate"
	PartPCKCertificate          Part = "pckCertificate"
	PartTCBSigningCertificate   Part = "tcbSigningCertificate"
	PartQESigningCertificate    Part = "qeIdentitySigningCertificate"
	PartRootCRL                 Part = "rootCrl"
	PartPCKCRL                  Part = "pckCrl"
	PartTCBInfo                 Part = "tcbInfo"
	PartQEIdentity              Part = "qeIdentity"
)

var (
	documentParts = []Part{PartRootCRL, PartPCKCRL, PartTCBInfo, PartQEIdentity}
	datedParts    = append([]Part{PartRootCertificate, PartIntermediateCertificate, PartPCKCertificate, PartTCBSigningCertificate,
		PartQESigningCertificate}, documentParts...)
)

// Range is when a part begins (a document: when it was issued) and when it ends.
type Range struct{ From, Until time.Time }

// Dates are those of the collateral, against the time of verification. Nothing is refused for them here: as in Intel's wrapper (QvE),
// expired collateral is a fact beside the status, and the policy decides.
type Dates struct {
	Parts map[Part]Range
	// EarliestIssue and LatestIssue are of the documents.
	EarliestIssue, LatestIssue time.Time
	// EarliestExpiration is the earliest end of any part.
	EarliestExpiration time.Time
	// Expired ended before the time of verification, NotYetValid begins after it. Both in the order of the parts.
	Expired, NotYetValid []Part
}

func datesOf(c *pckChain, e *Endorsements, now time.Time) Dates {
	d := Dates{Parts: map[Part]Range{
		// A root may be certified more than once: the chain of a signer may end in another certificate of it than that of the platform.
		PartRootCertificate:         inForce(c.root, e.tcbChain[1], e.qeChain[1]),
		PartIntermediateCertificate: inForce(c.intermediate),
		PartPCKCertificate:          inForce(c.pck),
		PartTCBSigningCertificate:   inForce(e.tcbChain[0]),
		PartQESigningCertificate:    inForce(e.qeChain[0]),
		PartRootCRL:                 {e.rootCRL.ThisUpdate, e.rootCRL.NextUpdate},
		PartPCKCRL:                  {e.pckCRL.ThisUpdate, e.pckCRL.NextUpdate},
		PartTCBInfo:                 {e.tcb.value.issueDate, e.tcb.value.nextUpdate},
		PartQEIdentity:              {e.qe.value.issueDate, e.qe.value.nextUpdate},
	}}
	first := d.Parts[documentParts[0]]
	d.EarliestIssue, d.LatestIssue, d.EarliestExpiration = first.From, first.From, first.Until
	for _, part := range documentParts {
		d.EarliestIssue = earlier(d.EarliestIssue, d.Parts[part].From)
		d.LatestIssue = later(d.LatestIssue, d.Parts[part].From)
	}
	for _, part := range datedParts {
		dates := d.Parts[part]
		d.EarliestExpiration = earlier(d.EarliestExpiration, dates.Until)
		if now.After(dates.Until) {
			d.Expired = append(d.Expired, part)
		}
		if now.Before(dates.From) {
			d.NotYetValid = append(d.NotYetValid, part)
		}
	}
	return d
}

// inForce is when all of the certificates are valid.
func inForce(certificates ...*der.Certificate) Range {
	dates := Range{certificates[0].NotBefore, certificates[0].NotAfter}
	for _, c := range certificates {
		dates = Range{later(dates.From, c.NotBefore), earlier(dates.Until, c.NotAfter)}
	}
	return dates
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
