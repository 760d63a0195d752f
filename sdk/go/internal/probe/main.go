// Command probe is the program inside for the tests of the SDK: it does what its host asks by the functions below, and echoes on
// every declared listener.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"enclos.invalid/sdk/enclave"
)

func main() {
	if err := enclave.Boot(); err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(4)
	}
	manifest, err := enclave.ReadManifest()
	if err != nil {
		os.Exit(4)
	}
	for _, declared := range manifest.Listen {
		listener, err := enclave.Listen(declared.Name)
		if err != nil {
			os.Exit(4)
		}
		go echo(listener)
	}
	functions := make([]enclave.Function, 0, len(calls))
	for _, call := range calls {
		functions = append(functions, enclave.Function{MaxArguments: 1 << 26, Call: call})
	}
	_ = enclave.Serve(enclave.Interface{Functions: functions})
}

func echo(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(struct{ io.Writer }{conn}, struct{ io.Reader }{conn})
			if half, ok := conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
		}()
	}
}

var waited = make(chan string, 16)

// calls are the functions, by index.
var calls = []func(context.Context, []byte) ([]byte, error){
	// 0: echo.
	func(_ context.Context, b []byte) ([]byte, error) { return b, nil },
	// 1: calls the first function of the host as part of this call.
	func(ctx context.Context, b []byte) ([]byte, error) { return enclave.CallHost(ctx, 0, b, 1<<20) },
	// 2: fails with the code that it gets.
	func(_ context.Context, b []byte) ([]byte, error) {
		return nil, &enclave.Error{Code: string(b), Message: "as asked"}
	},
	// 3: panics.
	func(context.Context, []byte) ([]byte, error) { panic("secret") },
	// 4: waits until nobody waits for it.
	func(ctx context.Context, b []byte) ([]byte, error) {
		<-ctx.Done()
		waited <- string(b)
		return nil, nil
	},
	// 5: what a call of 4 that was given up had got.
	func(context.Context, []byte) ([]byte, error) { return []byte(<-waited), nil },
	// 6: logs at the level of the first byte.
	func(_ context.Context, b []byte) ([]byte, error) {
		enclave.Log(enclave.Level(b[0]), string(b[1:]))
		return nil, nil
	},
	// 7: an environment variable.
	func(_ context.Context, b []byte) ([]byte, error) {
		value, found, err := enclave.Environment(string(b))
		if err == nil && !found {
			err = enclave.ApplicationError("absent")
		}
		if value != os.Getenv(string(b)) && os.Getenv(string(b)) != "" {
			err = errors.New("the process has another value")
		}
		return []byte(value), err
	},
	// 8: dials a destination, sends the rest and returns what comes until the end.
	func(ctx context.Context, b []byte) ([]byte, error) {
		name, message := string(b[1:1+b[0]]), b[1+b[0]:]
		conn, err := enclave.Dial(ctx, name)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		go func() {
			_, _ = conn.Write(message)
			_ = conn.(interface{ CloseWrite() error }).CloseWrite()
		}()
		return io.ReadAll(conn)
	},
	// 9: dials, and reads with a deadline of some milliseconds.
	func(ctx context.Context, b []byte) ([]byte, error) {
		conn, err := enclave.Dial(ctx, string(b[2:]))
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(time.Duration(binary.LittleEndian.Uint16(b)) * time.Millisecond))
		if _, err = conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			return []byte("deadline"), nil
		}
		return nil, err
	},
	// 10: an embedded file.
	func(_ context.Context, b []byte) ([]byte, error) { return enclave.EmbeddedFile(string(b)) },
	// 11: calls the first function of the host outside any call.
	func(_ context.Context, b []byte) ([]byte, error) {
		return enclave.CallHost(context.Background(), 0, b, 1<<20)
	},
}
