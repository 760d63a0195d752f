// Command atlsprobe is one side of attested TLS for the tests that let Go and TypeScript meet. Its first line of input says what it is;
// afterwards it asks for quotes on its output, one line of JSON each, and reads them on its input.
package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"sync"
	"time"

	"enclos.invalid/sdk/attestation"
	"enclos.invalid/sdk/attestedtls"
	"enclos.invalid/sdk/oe"
)

type task struct {
	// Act is serve, connect, or serve-ego: a server of plain TLS whose certificate has EGo's form.
	Act string
	// Address is where to connect.
	Address string
	Mode    attestedtls.Mode
	// Mutual: the server asks for evidence of its clients.
	Mutual bool
	// RATLS accepts peers that speak only RA-TLS.
	RATLS bool
	// Root is PEM, Policy and Collateral JSON; without Collateral that of the peer is used.
	Root, Policy, Collateral string
	Now                      time.Time
}

var input = bufio.NewReaderSize(os.Stdin, 1<<20)
var asking sync.Mutex

func say(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func hear(into any) {
	line, err := input.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, into)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "atlsprobe:", err)
		os.Exit(1)
	}
}

func source(reportData []byte) (attestedtls.Sourced, error) {
	asking.Lock()
	defer asking.Unlock()
	say(map[string]string{"quoteFor": hex.EncodeToString(reportData)})
	var made struct {
		Quote        []byte
		Endorsements string
	}
	hear(&made)
	return attestedtls.Sourced{Quote: made.Quote, Endorsements: []byte(made.Endorsements)}, nil
}

func main() {
	var t task
	hear(&t)
	root, err := attestation.SoftwareRoot([]byte(t.Root))
	var policy *attestation.Policy
	if err == nil {
		policy, err = attestation.ParsePolicy([]byte(t.Policy))
	}
	if err == nil {
		now := func() time.Time { return t.Now }
		quotes := attestedtls.QuoteAppraiserOptions{Roots: []attestation.Root{root}, Policy: policy, Now: now}
		if t.Collateral != "" {
			quotes.Endorsements = func() (*attestation.Endorsements, error) { return attestation.ParseCollateral([]byte(t.Collateral)) }
		}
		peer := attestedtls.PeerPolicy{LeastMode: t.Mode, Now: now, AcceptRelayableRATLS: t.RATLS,
			Appraise: attestedtls.QuoteAppraiser(quotes)}
		if t.Act == "connect" {
			err = connect(&t, peer)
		} else {
			err = serve(&t, peer)
		}
	}
	var refused *attestation.Error
	if errors.As(err, &refused) {
		say(map[string]string{"code": refused.Code, "field": refused.Field})
	} else if err != nil {
		say(map[string]string{"failure": err.Error()})
	}
}

func identity(role attestedtls.Role, now time.Time) (*attestedtls.Identity, error) {
	return attestedtls.NewIdentity(role, attestedtls.IdentityOptions{Name: "localhost", Evidence: source, Now: func() time.Time { return now }})
}

func sayEvidence(conn *attestedtls.Conn) {
	enclave := ""
	if conn.Evidence != nil {
		measured := conn.Evidence.MRENCLAVE()
		enclave = hex.EncodeToString(measured[:])
	}
	say(map[string]any{"mode": conn.Mode, "mrEnclave": enclave})
}

func connect(t *task, peer attestedtls.PeerPolicy) error {
	options := attestedtls.ClientOptions{Peer: peer}
	if t.Mutual {
		var err error
		if options.Identity, err = identity(attestedtls.Client, t.Now); err != nil {
			return err
		}
	}
	conn, err := attestedtls.Dial(context.Background(), "tcp", t.Address, options)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("hello")); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil {
		return err
	}
	sayEvidence(conn)
	return nil
}

func serve(t *task, peer attestedtls.PeerPolicy) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if t.Act == "serve-ego" {
		return serveEGo(l)
	}
	own, err := identity(attestedtls.Server, t.Now)
	if err != nil {
		return err
	}
	options := attestedtls.ServerOptions{Identity: own, AcceptRelayableRATLS: t.RATLS}
	if t.Mutual {
		options.Clients = &peer
	}
	say(map[string]int{"port": l.Addr().(*net.TCPAddr).Port})
	accepted, err := l.Accept()
	if err != nil {
		return err
	}
	conn, err := attestedtls.Accept(context.Background(), accepted, options)
	if err != nil {
		return err
	}
	defer conn.Close()
	sayEvidence(conn)
	_, _ = io.Copy(conn, conn)
	return nil
}

func serveEGo(l net.Listener) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, err := oe.CreateCertificate(&x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}}, nil,
		key.Public(), key, oe.BindKey, func(reportData []byte) ([]byte, error) {
			made, err := source(reportData)
			return made.Quote, err
		})
	if err != nil {
		return err
	}
	say(map[string]int{"port": l.Addr().(*net.TCPAddr).Port})
	accepted, err := l.Accept()
	if err != nil {
		return err
	}
	conn := tls.Server(accepted, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}})
	defer conn.Close()
	_, _ = io.Copy(conn, conn)
	return nil
}
