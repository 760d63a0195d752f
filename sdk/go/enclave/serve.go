package enclave

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"enclos.invalid/sdk/internal/link"
)

// Interface is the trusted side of an interface: generated code makes it.
type Interface struct {
	// Description is the canonical description of the interface. Its digest is measured, and must be that of the manifest. Empty: it
	// is not checked.
	Description string
	// Functions are in the order of the interface.
	Functions []Function
}

// Function is a trusted function of an interface.
type Function struct {
	// MaxArguments is the most bytes that the encoded arguments can take. A longer message ends the gate.
	MaxArguments int
	// Call reads the arguments, runs the function and returns the encoded result. ctx is done when the caller no longer waits.
	Call func(ctx context.Context, arguments []byte) ([]byte, error)
}

// Handle registers the trusted functions, once. Calls that the host made before wait for it. ENCLAVE_INTERFACE_MISMATCH is for another
// interface than the one that the image was built with.
//
// Errors of the codes ENCLAVE_…, SEAL_…, REPORT_…, GATE_…, HOST_… and STREAM_… reach the host with their message; make one with
// [ApplicationError]. Of every other error, and of a panic, the host learns only that there was one, because the text could quote a
// secret; in a debug enclave it learns the text.
func Handle(served Interface) error {
	if err := Boot(); err != nil {
		return err
	}
	functions := served.Functions
	digest := sha256.Sum256([]byte(served.Description))
	if served.Description != "" && !bytes.Equal(digest[:], boot.manifest.InterfaceDigest) {
		return &Error{Code: "ENCLAVE_INTERFACE_MISMATCH", Message: "The program serves another interface than its image says."}
	}
	maxBytes := make([]int, len(functions))
	for i, function := range functions {
		maxBytes[i] = function.MaxArguments
	}
	return link.Serve(maxBytes, func(call link.Call, index uint16, payload []byte) ([]byte, error) {
		if int(index) >= len(functions) {
			return nil, &Error{Code: "EDL_UNKNOWN_FUNCTION", Message: "The interface has no such function."}
		}
		ctx := &callContext{Context: context.Background(), call: call}
		result, err := functions[index].Call(ctx, payload)
		var known *Error
		if err != nil && errors.As(err, &known) {
			return nil, known
		}
		return result, err
	})
}

// Serve does the same and does not return: the functions are all that the program does.
func Serve(served Interface) error {
	if err := Handle(served); err != nil {
		return err
	}
	select {}
}

// ApplicationError is an error whose message the caller may read.
func ApplicationError(message string) error {
	return &Error{Code: "ENCLAVE_APPLICATION_ERROR", Message: message}
}

// callContext is the context of a call; it makes the channel only when it is asked for, as most functions do not.
type callContext struct {
	context.Context
	call link.Call
}

func (c *callContext) Done() <-chan struct{} { return c.call.Done() }

func (c *callContext) Err() error {
	select {
	case <-c.call.Done():
		return context.Canceled
	default:
		return nil
	}
}

type callKey struct{}

func (c *callContext) Value(key any) any {
	if key == (callKey{}) {
		return c.call
	}
	return c.Context.Value(key)
}

// CallHost calls an untrusted function of the interface by its index, as generated code does. With the context of a call it is part
// of that call; with another it stands alone. A deadline of ctx is the timeout of the call. Every answer is untrusted. maxResult is
// the most bytes that the encoded result can take.
func CallHost(ctx context.Context, index int, arguments []byte, maxResult int) ([]byte, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, &Error{Code: "GATE_CANCELLED", Message: "The call was cancelled."}
	}
	timeoutMs := timeoutOf(ctx)
	if call, ok := ctx.Value(callKey{}).(link.Call); ok {
		return call.Invoke(0, uint16(index), arguments, timeoutMs, maxResult)
	}
	return link.Host(0, uint16(index), arguments, timeoutMs, maxResult)
}
