// Package attestedtls speaks attested TLS: TLS 1.3 in which each side proves by evidence which enclave holds the other end, before a
// byte of the application passes. It is the protocol enclos-atls/1 of @enclos/atls, so that enclaves and clients in TypeScript and Go
// understand each other, and it reads the certificates of other RA-TLS libraries.
//
// A server inside an enclave:
//
//	identity, err := attestedtls.NewIdentity(attestedtls.Server, attestedtls.IdentityOptions{
//		Name:     "vault.example",
//		Evidence: attestedtls.Quotes(enclave.QuoteReportData),
//	})
//	listener, err := enclave.Listen("clients")
//	http.Serve(attestedtls.NewListener(listener, attestedtls.ServerOptions{Identity: identity}), handler)
//
// A client:
//
//	conn, err := attestedtls.Dial(ctx, "tcp", "vault.example:8443", attestedtls.ClientOptions{
//		Peer: attestedtls.PeerPolicy{Appraise: attestedtls.QuoteAppraiser(attestedtls.QuoteAppraiserOptions{
//			Roots: []attestation.Root{attestation.IntelRoot()}, Policy: policy, Endorsements: endorsements,
//		})},
//	})
package attestedtls

import (
	"bytes"
	"errors"
	"time"

	"enclos.invalid/sdk/attestation"
)

// Error is every failure that this package reports itself: Code is ATLS_…, and Field the rule or the reason. Errors of an appraiser
// come through as they are.
type Error = attestation.Error

// Role is the side that attests. All evidence is bound to it, so that a peer cannot be sent its own evidence back.
type Role string

// The roles.
const (
	Client Role = "client"
	Server Role = "server"
)

// Mode is how evidence is tied to a connection.
type Mode string

const (
	// Fresh: the quote itself is about this connection.
	Fresh Mode = "fresh"
	// Cached: the quote is about the key, and the key signs what this connection is. A leaked key defeats it.
	Cached Mode = "cached"
	// RATLS: the evidence is about a key, and not about the connection: a holder of the key can be in between.
	RATLS Mode = "ra-tls"
)

// Protocol is the ALPN identifier (RFC 7301) that an attested peer must speak.
const Protocol = "enclos-atls/1"

// Sourced is what an attester shows.
type Sourced struct {
	// Quote is a quote or a report of its platform.
	Quote []byte
	// Endorsements are collateral to send along, or empty; the peer may use it.
	Endorsements []byte
}

// EvidenceSource makes evidence over 64 bytes of report data.
type EvidenceSource func(reportData []byte) (Sourced, error)

// Quotes is a source of quotes without collateral, of QuoteReportData of package enclave for example.
func Quotes(quote func(reportData []byte) ([]byte, error)) EvidenceSource {
	return func(reportData []byte) (Sourced, error) {
		made, err := quote(reportData)
		return Sourced{Quote: made}, err
	}
}

func (source EvidenceSource) make(reportData [64]byte) (Sourced, error) {
	made, err := source(reportData[:])
	switch {
	case err != nil:
		return made, fail("ATLS_EVIDENCE_UNAVAILABLE", "This side could not make its evidence.", err)
	case len(made.Quote) == 0 || len(made.Quote) > mostQuote || len(made.Endorsements) > mostEndorsements:
		return made, misused("The evidence function made no quote, or evidence that is too large.")
	}
	return made, nil
}

// Presented is what a peer shows, and what it must be about. Nothing of it is verified.
type Presented struct {
	Quote []byte
	// Endorsements are what the peer sent along: as untrusted as the quote. Empty when it sent none.
	Endorsements []byte
	// ReportData is what the quote must carry, otherwise it is about another connection or key.
	ReportData [64]byte
	// Role is that of the peer.
	Role Role
	Mode Mode
}

// Appraiser is a relying party's decision: it verifies, appraises, and requires the report data. It is asked for every connection.
type Appraiser func(presented Presented) (*attestation.Evidence, error)

// QuoteAppraiserOptions say whom to trust and what to accept.
type QuoteAppraiserOptions struct {
	// Roots are whose chains are accepted. There is no default.
	Roots []attestation.Root
	// Policy is what is accepted; PolicyNow, when it is set, is asked for every connection instead.
	Policy    *attestation.Policy
	PolicyNow func() *attestation.Policy
	// Endorsements is asked for every connection. Without it, what the peer sends is used: a root signs it too.
	Endorsements func() (*attestation.Endorsements, error)
	// Now is the clock: time.Now unless given.
	Now func() time.Time
}

// QuoteAppraiser is an appraiser of DCAP quotes: attestation.VerifyQuote, then attestation.Appraise.
func QuoteAppraiser(options QuoteAppraiserOptions) Appraiser {
	return func(presented Presented) (*attestation.Evidence, error) {
		endorsements, err := options.endorsements(presented)
		if err != nil {
			return nil, err
		}
		now := clock(options.Now)()
		verdict, err := attestation.VerifyQuote(presented.Quote, endorsements, attestation.VerifyOptions{Roots: options.Roots, Now: now})
		if err != nil {
			return nil, err
		}
		policy := options.Policy
		if options.PolicyNow != nil {
			policy = options.PolicyNow()
		}
		return attestation.Appraise(verdict, policy, attestation.BoundTo(presented.ReportData[:]), now)
	}
}

func (o QuoteAppraiserOptions) endorsements(presented Presented) (*attestation.Endorsements, error) {
	if o.Endorsements != nil {
		return o.Endorsements()
	}
	if len(presented.Endorsements) == 0 {
		return nil, fail("ATLS_COLLATERAL_MISSING",
			"The peer sent no collateral with its evidence, and this side has no other source of it.", nil)
	}
	return attestation.ParseCollateral(presented.Endorsements)
}

// PeerPolicy is what a side demands of its peer.
type PeerPolicy struct {
	Appraise Appraiser
	// LeastMode is Fresh unless given; Cached cannot tell a peer from a thief of its key.
	LeastMode Mode
	// MaximumAge is how old evidence of mode cached may be: a day unless given.
	MaximumAge time.Duration
	// Now is the clock: time.Now unless given.
	Now func() time.Time
	// AcceptRelayableRATLS accepts a peer that speaks plain RA-TLS, whose evidence is about a key and not about this connection: a
	// holder of the key can be in between, and nothing shows it.
	AcceptRelayableRATLS bool
}

// clockSkew is how far the clock of an attester may be ahead of this one.
const clockSkew = 5 * time.Minute

func clock(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

func (p *PeerPolicy) leastMode() Mode {
	if p.LeastMode == "" {
		return Fresh
	}
	return p.LeastMode
}

// requireAge: evidence of others does not say when it was made.
func (p *PeerPolicy) requireAge(own *ownClaims) error {
	if own == nil {
		return nil
	}
	most := p.MaximumAge
	if most == 0 {
		most = 24 * time.Hour
	}
	age := clock(p.Now)().Sub(own.issuedAt)
	if age > most || age < -clockSkew {
		return fail("ATLS_EVIDENCE_STALE", "The evidence is older than this side accepts, or dated in the future.", nil)
	}
	return nil
}

// accept asks the appraiser, once for each report data that would do.
func (p *PeerPolicy) accept(presented Presented, acceptable ...[64]byte) (*attestation.Evidence, error) {
	var refusal error
	for _, data := range acceptable {
		presented.ReportData = data
		evidence, err := p.Appraise(presented)
		if err == nil {
			return requireBound(evidence, data)
		}
		if !errors.Is(err, &Error{Code: "APPRAISAL_REFUSED", Field: "binding"}) {
			return nil, err
		}
		refusal = err
	}
	return nil, notBound(refusal)
}

// requireBound: an appraiser that forgot the report data would accept everybody's evidence.
func requireBound(evidence *attestation.Evidence, data [64]byte) (*attestation.Evidence, error) {
	if evidence == nil {
		return nil, misused("The appraiser returned no evidence.")
	}
	report := evidence.Report()
	if report != (attestation.Report{}) && !bytes.Equal(report.ReportData[:], data[:]) {
		return nil, notBound(nil)
	}
	return evidence, nil
}

func fail(code, message string, cause error) error {
	return &Error{Code: code, Message: message, Cause: cause}
}

func misused(message string) error { return fail("ATLS_MISUSED", message, nil) }

func notBound(cause error) error {
	return fail("ATLS_EVIDENCE_NOT_BOUND", "The evidence is about another connection or another key.", cause)
}

func violated(rule string, cause error) error {
	return &Error{Code: "ATLS_PROTOCOL_VIOLATION", Field: rule, Message: "The peer broke the rules of the exchange.", Cause: cause}
}

func refuseCertificate(rule string, cause error) error {
	return &Error{Code: "ATLS_CERTIFICATE_INVALID", Field: rule,
		Message: "The certificate of the peer is missing or holds no evidence for its key.", Cause: cause}
}
