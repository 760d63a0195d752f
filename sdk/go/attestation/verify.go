package attestation

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	"enclos.invalid/sdk/internal/der"
)

// VerifyOptions say whom to trust, and when.
type VerifyOptions struct {
	// Roots are whose chains are accepted. There is no default.
	Roots []Root
	// Now is the time of verification: any time, also a past one.
	Now time.Time
	// AllowTrailingBytes accepts bytes after the quote, as some services deliver it in a larger buffer.
	AllowTrailingBytes bool
}

// Facts are what verified evidence says.
type Facts struct {
	Evaluation
	// QuoteVersion is 3, 4 or 5.
	QuoteVersion int
	// TCBInfoNumber and QEIdentityNumber are the TCB evaluation data numbers.
	TCBInfoNumber, QEIdentityNumber uint32
	// Platform is what the PCK certificate says about the machine.
	Platform Platform
	// PCKNotYetValid: a certificate of the PCK chain begins after the time of verification.
	PCKNotYetValid bool
	Collateral     Dates
	// Report is what the quote says about the enclave.
	Report Report
	// Root is the trusted root in which all chains end.
	Root Root
	// VerifiedAt is the time that was given to the verifier.
	VerifiedAt time.Time
}

// Verdict is the cryptographic truth about evidence: it is genuine, and these are the facts. Whether they are good enough is for
// [Appraise]. Only [VerifyQuote] makes one.
type Verdict struct{ facts *Facts }

// Facts returns a copy of the facts.
func (v *Verdict) Facts() Facts {
	if v.facts == nil {
		return Facts{}
	}
	facts := *v.facts
	facts.Advisories = slices.Clone(facts.Advisories)
	facts.Shortfall = slices.Clone(facts.Shortfall)
	facts.Collateral.Expired = slices.Clone(facts.Collateral.Expired)
	facts.Collateral.NotYetValid = slices.Clone(facts.Collateral.NotYetValid)
	parts := make(map[Part]Range, len(facts.Collateral.Parts))
	for part, dates := range facts.Collateral.Parts {
		parts[part] = dates
	}
	facts.Collateral.Parts = parts
	return facts
}

// VerifyQuote verifies a DCAP quote of an SGX enclave, version 3, 4 or 5, against its collateral, in the steps of
// docs/verification.md. The TCB status and expired collateral do not refuse a quote: they are facts in the verdict, for [Appraise] to
// judge.
//
//	endorsements, err := attestation.ParseCollateral(collateral)
//	…
//	verdict, err := attestation.VerifyQuote(quote, endorsements, attestation.VerifyOptions{
//		Roots: []attestation.Root{attestation.IntelRoot()},
//		Now:   time.Now(),
//	})
//
// EVIDENCE_REFUSED is for evidence that does not verify; Step and Status say why. VERIFIER_MISUSED is for missing options.
func VerifyQuote(evidence []byte, endorsements *Endorsements, options VerifyOptions) (*Verdict, error) {
	if endorsements == nil || endorsements.rootCRL == nil {
		return nil, misused("The endorsements are not a result of ParseCollateral.")
	}
	if options.Now.IsZero() {
		return nil, misused("Now is missing.")
	}
	if len(options.Roots) == 0 {
		return nil, misused("Roots are empty: name whom you trust.")
	}
	q, err := readQuote(evidence, options.AllowTrailingBytes)
	if err != nil {
		return nil, err
	}
	chain, err := endorsements.platform(q, options.Roots)
	if err != nil {
		return nil, err
	}
	info, qe := endorsements.tcb.value, endorsements.qe.value
	if err := matchTCBInfo(info, chain.platform); err != nil {
		return nil, err
	}
	if err := verifyQuotingEnclave(q, chain, qe); err != nil {
		return nil, err
	}
	if err := verifyQuoteSignature(q); err != nil {
		return nil, err
	}
	facts := &Facts{
		Evaluation:       evaluate(chain.platform, q.qeReport.SecurityVersion, info, qe),
		QuoteVersion:     q.version,
		TCBInfoNumber:    info.evaluationNumber,
		QEIdentityNumber: qe.evaluationNumber,
		Platform:         *chain.platform,
		Collateral:       datesOf(chain, endorsements, options.Now),
		Report:           q.report,
		Root:             chain.trusted,
		VerifiedAt:       options.Now,
	}
	for _, c := range []*der.Certificate{chain.pck, chain.intermediate, chain.root} {
		facts.PCKNotYetValid = facts.PCKNotYetValid || c.NotBefore.After(options.Now)
	}
	return &Verdict{facts}, nil
}

// matchTCBInfo is step 15.
func matchTCBInfo(info *tcbInfo, platform *Platform) error {
	what := ""
	switch {
	case info.tee != "SGX":
		what = "TEE"
	case !bytes.Equal(info.fmspc, platform.FMSPC[:]):
		what = "FMSPC"
	case !bytes.Equal(info.pceID, platform.PCEID[:]):
		what = "PCEID"
	default:
		return nil
	}
	return refuse("tcb-info-match", "TCB_INFO_MISMATCH", "The TCB info is for another "+what+".")
}

// verifyQuotingEnclave is steps 17 to 19.
func verifyQuotingEnclave(q *quote, chain *pckChain, qe *identity) error {
	if !verify(chain.pck.PublicKey, q.qeReportSignature, q.qeReportBytes) {
		return refuse("qe-report-signature", "INVALID_QE_REPORT_SIGNATURE",
			"The report of the quoting enclave is not signed by the PCK.")
	}
	digest := sha256.Sum256(append(append([]byte(nil), q.attestationKey...), q.qeAuthData...))
	if !bytes.Equal(digest[:], q.qeReport.ReportData[:32]) {
		return refuse("qe-report-binding", "INVALID_QE_REPORT_DATA", "The report of the quoting enclave is for another attestation key.")
	}
	// QVL EnclaveReportVerifier: the masked report equals the identity's values, which are not masked.
	what := ""
	switch {
	case qe.id != "QE":
		what = "role"
	case !equalMasked(q.qeReportBytes[16:20], qe.miscSelectMask, qe.miscSelect):
		what = "MISCSELECT"
	case !equalMasked(q.qeReportBytes[48:64], qe.attributesMask, qe.attributes):
		what = "ATTRIBUTES"
	case !bytes.Equal(q.qeReport.MRSIGNER[:], qe.mrSigner):
		what = "MRSIGNER"
	case uint32(q.qeReport.ProductID) != qe.productID:
		what = "ISVPRODID"
	default:
		return nil
	}
	return refuse("qe-identity-match", "QE_IDENTITY_MISMATCH", "The quoting enclave has another "+what+" than its identity.")
}

func equalMasked(found, mask, wanted []byte) bool {
	masked := make([]byte, len(found))
	for i := range found {
		masked[i] = found[i] & mask[i]
	}
	return bytes.Equal(masked, wanted)
}

// verifyQuoteSignature is step 20: the attestation key signed header and body.
func verifyQuoteSignature(q *quote) error {
	const step = "quote-signature"
	if publicKey(q.attestationKey) == nil {
		return refuse(step, "UNSUPPORTED_QUOTE_FORMAT", "The attestation key is not a point of P-256.")
	}
	if !verify(q.attestationKey, q.signature, q.signedBytes) {
		return refuse(step, "INVALID_QUOTE_SIGNATURE", "The quote is not signed by its attestation key.")
	}
	return nil
}
