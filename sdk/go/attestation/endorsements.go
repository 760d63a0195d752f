package attestation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"enclos.invalid/sdk/internal/der"
	"enclos.invalid/sdk/internal/strictjson"
)

// Intel's collateral is under 40 KiB.
const mostCollateralLength = 4_194_304

// signedBody is a JSON document with the bytes that its signature covers: exactly as they were served.
type signedBody[T any] struct {
	value       T
	signedBytes []byte
	signature   []byte
}

// Endorsements are parsed collateral: well-formed, but not verified yet. They can be kept and used for many quotes, by any number of
// goroutines.
type Endorsements struct {
	rootCRL, pckCRL *der.RevocationList
	tcbChain        []*der.Certificate
	tcb             signedBody[*tcbInfo]
	qeChain         []*der.Certificate
	qe              signedBody[*identity]
	// pckChain is for quotes that do not carry their own; nil without one.
	pckChain []*der.Certificate

	mu sync.Mutex
	// verified are PCK chains that have passed, by the SHA-256 of their text in the quote; zero for pckChain.
	verified map[[sha256.Size]byte]*pckChain
}

// FMSPC is the platform family that the TCB info is for.
func (e *Endorsements) FMSPC() [6]byte { return [6]byte(e.tcb.value.fmspc) }

// EvaluationNumber is the lower TCB evaluation data number of TCB info and QE identity.
func (e *Endorsements) EvaluationNumber() uint32 {
	return min(e.tcb.value.evaluationNumber, e.qe.value.evaluationNumber)
}

// NextUpdate is when the first of the revocation lists, the TCB info and the QE identity ends. Fetch again before.
func (e *Endorsements) NextUpdate() time.Time {
	first := e.rootCRL.NextUpdate
	for _, other := range []time.Time{e.pckCRL.NextUpdate, e.tcb.value.nextUpdate, e.qe.value.nextUpdate} {
		if other.Before(first) {
			first = other
		}
	}
	return first
}

// ParseCollateral parses collateral in JSON, in the shape that dcap-qvl calls QuoteCollateralV3: pck_crl_issuer_chain, root_ca_crl,
// pck_crl, tcb_info_issuer_chain, tcb_info, tcb_info_signature, qe_identity_issuer_chain, qe_identity, qe_identity_signature, and
// pck_certificate_chain for quotes that do not carry it. Chains are PEM, lists and signatures hex, documents the signed texts. Other
// members are ignored.
//
// The chain beside the PCK CRL is read but not used: a list must be signed by the CA that issued the PCK certificate itself.
//
// ENDORSEMENTS_INVALID is for everything that is malformed.
func ParseCollateral(text []byte) (*Endorsements, error) {
	value, err := strictjson.Parse(string(text), mostCollateralLength)
	object, isObject := value.(*strictjson.Object)
	if err == nil && !isObject {
		err = errors.New("it is not a JSON object")
	}
	if err != nil {
		return nil, refuseEndorsements("collateral", "MISSING_PARAMETERS", err)
	}
	p := &collateralParser{members: object.Values}
	// Which mistake of several is reported is part of the interface: first those of any member, then those inside, in this order.
	pckChain, hasChain := p.optional("pck_certificate_chain")
	issuerChain := p.text("pck_crl_issuer_chain")
	rootCRL, pckCRL := p.text("root_ca_crl"), p.text("pck_crl")
	tcbChain, tcb, tcbSignature := p.text("tcb_info_issuer_chain"), p.text("tcb_info"), p.text("tcb_info_signature")
	qeChain, qe, qeSignature := p.text("qe_identity_issuer_chain"), p.text("qe_identity"), p.text("qe_identity_signature")
	e := &Endorsements{}
	p.chain("pck_crl_issuer_chain", issuerChain)
	e.tcbChain = p.chain("tcb_info_issuer_chain", tcbChain)
	e.rootCRL, e.pckCRL = p.list("root_ca_crl", rootCRL), p.list("pck_crl", pckCRL)
	e.tcb = parseBody(p, "tcb_info", tcb, tcbSignature, parseTCBInfo)
	e.qeChain = p.chain("qe_identity_issuer_chain", qeChain)
	e.qe = parseBody(p, "qe_identity", qe, qeSignature, parseIdentity)
	if hasChain {
		e.pckChain = p.chain("pck_certificate_chain", pckChain)
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// SplitSignedBody splits an answer of Intel's provisioning certification service (PCS API v4), {"tcbInfo":{…},"signature":"hex"} or
// {"enclaveIdentity":{…},"signature":"hex"}, into the exact text that is signed and the signature. name is "tcbInfo" or
// "enclaveIdentity".
func SplitSignedBody(answer []byte, name string) (body, signature string, err error) {
	object, spans, err := strictjson.ParseMembers(string(answer), mostBodyLength)
	if err != nil {
		return "", "", codecError(err)
	}
	span, has := spans[name]
	signature, isText := object.Values["signature"].(string)
	if !has || !isText {
		return "", "", &Error{Code: "CODEC_INVALID", Message: "Not an object with " + name + " and signature."}
	}
	return string(answer[span.Start:span.End]), signature, nil
}

func codecError(err error) error {
	var codec *strictjson.Error
	if errors.As(err, &codec) {
		return &Error{Code: codec.Code, Message: codec.Message}
	}
	return err
}

// collateralParser keeps the first mistake.
type collateralParser struct {
	members map[string]any
	err     error
}

func (p *collateralParser) fail(field, status string, err error) {
	if p.err == nil {
		p.err = refuseEndorsements(field, status, err)
	}
}

// optional reads a member that may be absent, or null.
func (p *collateralParser) optional(field string) (text string, has bool) {
	value := p.members[field]
	if value == nil {
		return "", false
	}
	text, isText := value.(string)
	if !isText {
		p.fail(field, "MISSING_PARAMETERS", errors.New("it is not a string"))
	}
	return text, true
}

func (p *collateralParser) text(field string) string {
	text, has := p.optional(field)
	if !has {
		p.fail(field, "MISSING_PARAMETERS", errors.New("it is missing"))
	}
	return text
}

func (p *collateralParser) chain(field, text string) []*der.Certificate {
	if p.err != nil {
		return nil
	}
	chain, err := der.ParseChain([]byte(text))
	if err != nil {
		p.fail(field, "UNSUPPORTED_CERT_FORMAT", err)
	}
	return chain
}

func (p *collateralParser) list(field, text string) *der.RevocationList {
	if p.err != nil {
		return nil
	}
	list, err := parseListHex(text)
	if err != nil {
		p.fail(field, "SGX_CRL_UNSUPPORTED_FORMAT", err)
	}
	return list
}

func parseListHex(text string) (*der.RevocationList, error) {
	if len(text) > 2*der.MostListBytes {
		return nil, fmt.Errorf("a revocation list over %d bytes", der.MostListBytes)
	}
	encoded, err := hex.DecodeString(text)
	if err != nil {
		return nil, errors.New("hex of DER is wanted")
	}
	return der.ParseRevocationList(encoded)
}

func parseBody[T any](p *collateralParser, field, text, signature string, parse func(string) (T, error)) (b signedBody[T]) {
	if p.err != nil {
		return b
	}
	prefix := map[string]string{"tcb_info": "SGX_TCB_INFO", "qe_identity": "SGX_ENCLAVE_IDENTITY"}[field]
	var err error
	if len(signature) != 128 {
		p.fail(field, prefix+"_INVALID", errors.New("a signature that is not 64 bytes of hex"))
		return b
	}
	var missing *strictjson.Error
	if b.value, err = parse(text); errors.Is(err, errIdentityVersion) {
		p.fail(field, prefix+"_UNSUPPORTED_VERSION", err)
	} else if errors.As(err, &missing) && missing.Code == "CODEC_TRUNCATED" {
		p.fail(field, prefix+"_UNSUPPORTED_FORMAT", err)
	} else if err != nil {
		p.fail(field, prefix+"_INVALID", err)
	}
	if b.signature, err = hex.DecodeString(signature); err != nil {
		p.fail(field, prefix+"_INVALID", errors.New("a signature that is not 64 bytes of hex"))
	}
	b.signedBytes = []byte(text)
	return b
}
