// Command greeter-app counts votes over HTTPS, and proves to each client, on each connection, which enclave counts them.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"enclos.invalid/sdk/attestedtls"
	"enclos.invalid/sdk/enclave"
)

func main() {
	// The key is made here, and never leaves. The evidence of each connection says whose it is.
	identity, err := attestedtls.NewIdentity(attestedtls.Server, attestedtls.IdentityOptions{
		Name:     "greeter-app.enclave",
		Evidence: evidence,
	})
	if err != nil {
		log.Fatal(err)
	}
	// The port is that of enclave.json, where it is measured.
	listener, err := net.Listen("tcp", ":8443")
	if err != nil {
		log.Fatal(err)
	}
	attested := attestedtls.NewListener(listener, attestedtls.ServerOptions{
		Identity:  identity,
		OnRefused: func(err error) { log.Print(err) },
	})
	// An enclave has 256 connections. Silent clients must not hold them.
	server := http.Server{Handler: newBallot(), ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: time.Minute}
	fmt.Println("listening at port 8443")
	log.Fatal(server.Serve(attested))
}

// evidence is a quote, with collateral that the host hands through. Clients verify both, so they need no other source of it.
func evidence(reportData []byte) (made attestedtls.Sourced, err error) {
	if made.Quote, err = enclave.QuoteReportData(reportData); err != nil {
		return made, err
	}
	made.Endorsements, err = enclave.Collateral()
	return made, err
}
