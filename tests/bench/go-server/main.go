// The server of `npm run bench -- go`: one source, run outside and as an enclave.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// said is the line that tells where the server is, and the only root that a client needs.
type said struct {
	Certificate string `json:"certificate"`
	Echo        int    `json:"echo"`
	Hash        int    `json:"hash"`
}

// main gets the ports of both listeners. A third argument has the program end with its input, which an enclave does not have.
func main() {
	if len(os.Args) > 3 {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
	}
	config, certificate := identity()
	echo, hash := listen(os.Args[1]), listen(os.Args[2])
	go serve(hash, answerHashes)
	line, err := json.Marshal(said{Certificate: certificate, Echo: portOf(echo), Hash: portOf(hash)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
	serve(tls.NewListener(echo, config), answerEcho)
}

func listen(port string) net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func portOf(listener net.Listener) int { return listener.Addr().(*net.TCPAddr).Port }

func serve(listener net.Listener, answer func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer conn.Close()
			answer(conn)
		}()
	}
}

func answerEcho(conn net.Conn) {
	buffer := make([]byte, 16384)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// answerHashes hashes as many mebibytes as each line says, and answers with the digest.
func answerHashes(conn net.Conn) {
	piece := make([]byte, 1<<20)
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		count, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return
		}
		digest := sha256.New()
		for ; count > 0; count-- {
			digest.Write(piece)
		}
		if _, err := fmt.Fprintf(conn, "%x\n", digest.Sum(nil)); err != nil {
			return
		}
	}
}

func identity() (*tls.Config, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "localhost"},
		DNSNames:              []string{"localhost"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, string(certificate)
}
