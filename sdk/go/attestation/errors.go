// Package attestation verifies evidence of SGX enclaves: DCAP quotes of versions 3 to 5, with their collateral, against roots that
// the caller names, and appraises the result by a policy. It needs neither an enclave nor the network, and gives the verdicts and the
// error codes of @enclos/attestation.
package attestation

import "fmt"

// Error is every failure that this package reports. Code is one of the codes of docs/reference/errors.md, and errors.Is compares by
// it:
//
//   - EVIDENCE_REFUSED: the evidence does not prove what it claims. Step and Status say why.
//   - ENDORSEMENTS_INVALID: the collateral is malformed. Field and Status say which part.
//   - APPRAISAL_REFUSED: the evidence is genuine, but the policy does not accept it, or is incomplete. Field is the rule.
//   - ATLS_…: of package attestedtls. Field is the rule or the reason.
//   - ENDORSEMENTS_REQUEST_INVALID, …_UNREACHABLE, …_NOT_FOUND, …_SOURCE_FAILED, …_ANSWER_INVALID: of package collateral.
//   - VERIFIER_MISUSED: an argument makes no sense.
//   - TOKEN_REFUSED: a token of a service does not verify. Field is what is wrong with it.
//   - CODEC_INVALID, CODEC_TRAILING, CODEC_OUT_OF_RANGE: a policy is not strict JSON.
type Error struct {
	Code    string
	Message string
	// Step is the id of the step of verification that refused, as in docs/verification.md.
	Step string
	// Status is the name of Intel's QVL for the reason, without the prefix STATUS_.
	Status string
	// Field is the part of the collateral, or the rule of the policy.
	Field string
	// Expected and Got are what a rule wants and what it found.
	Expected, Got any
	// Cause is the mistake that a parser or a source reported, or nil.
	Cause error
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is makes errors.Is compare by code, and by Field and Status where the target has them.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code && (other.Field == "" || other.Field == e.Field) &&
		(other.Status == "" || other.Status == e.Status)
}

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

func refuse(step, status, message string) error {
	return &Error{Code: "EVIDENCE_REFUSED", Message: message, Step: step, Status: status}
}

func refuseBecause(step, status, message string, cause error) error {
	return &Error{Code: "EVIDENCE_REFUSED", Message: message + ": " + cause.Error() + ".", Step: step, Status: status, Cause: cause}
}

func refuseEndorsements(field, status string, cause error) error {
	return &Error{Code: "ENDORSEMENTS_INVALID", Message: field + ": " + cause.Error() + ".", Field: field, Status: status, Cause: cause}
}

func misused(format string, args ...any) error {
	return &Error{Code: "VERIFIER_MISUSED", Message: fmt.Sprintf(format, args...)}
}

func refuseByRule(field string, expected, got any) error {
	return &Error{Code: "APPRAISAL_REFUSED", Message: "The policy does not accept this evidence: rule " + field + ".", Field: field,
		Expected: expected, Got: got}
}
