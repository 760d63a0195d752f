// Command server answers over attested TLS: each connection carries the proof of which enclave is at its other end. It understands the
// clients of samples/attested-tls, in TypeScript, as it understands the one in Go beside it.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"enclos.invalid/sdk/attestedtls"
	"enclos.invalid/sdk/enclave"
)

const (
	mostQuestionBytes = 1024
	// An enclave has 256 connections. Silent clients must not hold them.
	idle = time.Minute
)

func main() {
	// The key is made here. The name is never resolved: the evidence says whose key it is.
	identity, err := attestedtls.NewIdentity(attestedtls.Server, attestedtls.IdentityOptions{
		Name:     "attested-tls.enclave",
		Evidence: attestedtls.Quotes(enclave.QuoteReportData),
	})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", ":12341")
	if err != nil {
		log.Fatal(err)
	}
	attested := attestedtls.NewListener(listener, attestedtls.ServerOptions{
		Identity:  identity,
		OnRefused: func(err error) { log.Print(err) },
	})
	fmt.Println("listening at port 12341")
	for {
		conn, err := attested.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go answer(conn)
	}
}

// answer reads a question to its end, and answers it.
func answer(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(idle))
	question, err := io.ReadAll(io.LimitReader(conn, mostQuestionBytes+1))
	if err != nil || len(question) > mostQuestionBytes {
		return
	}
	_, _ = fmt.Fprintf(conn, "The enclave has read: %s", question)
}
