package enclave

import (
	"context"
	"time"
)

// timeoutOf is what is left until the deadline of ctx in milliseconds, at least 1, or 0 for none.
func timeoutOf(ctx context.Context) uint32 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	left := time.Until(deadline).Milliseconds()
	switch {
	case left < 1:
		return 1
	case left > 0x7fffffff:
		return 0x7fffffff
	}
	return uint32(left)
}
