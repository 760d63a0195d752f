// Package core is the runtime of a Go program inside an enclave: the call gate to the host, the channel to the platform, what the
// platform hands over at the start, and the connections that enclave.json declares.
//
// The overlay of `enclos go build` copies these files into the package internal/poll of the standard library, so they import only
// what that package may import, have no init function, and begin every name at package level with "ec", "Ec" or "Enclos".
package core

// EnclosError is every failure that this package reports itself. Its codes are those of docs/reference/errors.md.
type EnclosError struct {
	// Code is one of the registered codes, for example GATE_DEADLINE.
	Code string
	// Message is one sentence without secrets, evidence or text of the other side; that of a remote error comes from there.
	Message string
	// Remote is true when the other side raised the error.
	Remote bool
	// RemoteCode is what the other side said, where Code is GATE_REMOTE_ERROR because it may not raise that code here.
	RemoteCode string
}

// Error returns the code and the message.
func (e *EnclosError) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Is makes errors.Is compare by code.
func (e *EnclosError) Is(target error) bool {
	other, ok := target.(*EnclosError)
	return ok && other.Code == e.Code
}

// EnclosErrDeadline is what a read or a write of a stream gives after its deadline.
var EnclosErrDeadline error = &EnclosError{Code: "GATE_DEADLINE", Message: "The deadline of the stream has passed."}

// EnclosErrClosed is what operations on a stream or a listener give after it was closed on this side.
var EnclosErrClosed error = &EnclosError{Code: "STREAM_REFUSED", Message: "It was closed here."}

var ecErrBroken error = &EnclosError{Code: "STREAM_BROKEN", Message: "The connection broke before it was closed in order."}

func ecFail(code, message string) error {
	return &EnclosError{Code: code, Message: message}
}

// ecViolation says that the peer sent something that the protocol does not allow.
func ecViolation(what string) error {
	return &EnclosError{Code: "GATE_PROTOCOL_VIOLATION", Message: "The peer sent " + what + "."}
}

func ecCancelled() error {
	return ecFail("GATE_CANCELLED", "The call was cancelled.")
}

func ecParentOver() error {
	return ecFail("GATE_CANCELLED", "The call that this one belongs to is over. Perhaps it did not await this one.")
}

func ecDeadlinePassed(timeoutMs uint32) error {
	return ecFail("GATE_DEADLINE", "The call did not finish within "+ecItoa(int64(timeoutMs))+" ms.")
}

func ecDepthExceeded(most int) error {
	return ecFail("GATE_DEPTH_EXCEEDED", "Calls are nested more than "+ecItoa(int64(most))+" deep.")
}

// ecFromHost tells which codes a host may raise in its enclave: only that it did not carry out a request.
func ecFromHost(code string) bool {
	switch code {
	case "EDL_VALUE_REFUSED", "EDL_UNKNOWN_FUNCTION", "HOST_CALL_FAILED", "HOST_STORAGE_FULL", "HOST_MOUNT_REFUSED",
		"STREAM_NOT_DECLARED", "STREAM_LIMIT", "STREAM_REFUSED", "STREAM_CONNECT_FAILED", "STREAM_TRANSPORT_UNAVAILABLE",
		"STREAM_BROKEN":
		return true
	}
	return ecGateAnswer(code)
}

// ecFromPlatform tells which codes the platform may raise: those of the areas in which it decides, none of kind `lost`.
func ecFromPlatform(code string) bool {
	switch code {
	case "KEY_REQUEST_INVALID", "KEY_NOT_PERMITTED", "KEY_SVN_TOO_NEW", "KEY_CPUSVN_TOO_NEW", "KEY_CONFIGSVN_TOO_NEW",
		"REPORT_REQUEST_INVALID", "QUOTE_REPORT_REFUSED", "TCB_REFUSED", "COLLATERAL_UNAVAILABLE",
		"TEE_PLATFORM_FAILED", "TEE_CAPABILITY_MISSING", "TEE_DEVICE_FAILED", "TEE_DEVICE_MISSING", "TEE_EVIDENCE_UNEXPECTED",
		"PLATFORM_BUSY", "PLATFORM_NOT_ENROLLED", "PLATFORM_STORAGE_FAILED", "PLATFORM_AUDIT_FAILED",
		"SGX_STRUCTURE_INVALID", "SGX_RESERVED_NOT_ZERO", "EDL_VALUE_REFUSED", "EDL_UNKNOWN_FUNCTION",
		"CODEC_INVALID", "CODEC_OUT_OF_RANGE", "CODEC_TRAILING", "CODEC_TRUNCATED":
		return true
	}
	return ecGateAnswer(code)
}

// ecGateAnswer tells whether the gate itself answers a call with the code.
func ecGateAnswer(code string) bool {
	switch code {
	case "GATE_BUSY", "GATE_DEADLINE", "GATE_CANCELLED", "GATE_DEPTH_EXCEEDED", "GATE_FRAME_TOO_LARGE":
		return true
	}
	return false
}

// ecMayCross tells which errors of a handler are meant for the host; about any other only that there was one.
func ecMayCross(code string) bool {
	for _, area := range [...]string{"ENCLAVE_", "SEAL_", "REPORT_", "GATE_", "HOST_", "STREAM_"} {
		if len(code) > len(area) && code[:len(area)] == area {
			return true
		}
	}
	return false
}

func ecItoa(value int64) string {
	var digits [20]byte
	at := len(digits)
	rest := uint64(value)
	if value < 0 {
		rest = -rest
	}
	for {
		at--
		digits[at] = byte('0' + rest%10)
		rest /= 10
		if rest == 0 {
			break
		}
	}
	if value < 0 {
		at--
		digits[at] = '-'
	}
	return string(digits[at:])
}
