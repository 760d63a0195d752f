// Command client asks a server of attested TLS, in Go or in TypeScript, and says nothing before the server has proven what it is.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"

	"enclos.invalid/sdk/attestedtls"
	"samples/internal/trust"
)

const mostAnswerBytes = 64 << 10

func main() {
	server := flag.String("server", "localhost:12341", "where the server is")
	read := trust.Flags()
	flag.Parse()
	trusted, err := read()
	if err == nil {
		err = ask("who are you?", *server, trusted)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func ask(question, server string, trusted *trust.Trust) error {
	conn, err := attestedtls.Dial(context.Background(), "tcp", server, attestedtls.ClientOptions{
		ServerName: "attested-tls.enclave",
		Peer:       attestedtls.PeerPolicy{Appraise: trusted.Appraiser()},
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Printf("attested (%s): sgx enclave %x, status %s\n", conn.Mode, conn.Evidence.MRENCLAVE(), conn.Evidence.Status())
	if _, err := io.WriteString(conn, question); err != nil {
		return err
	}
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(conn, mostAnswerBytes))
	fmt.Println(string(answer))
	return err
}
