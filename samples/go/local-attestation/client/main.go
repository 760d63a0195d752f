// Command client is an enclave that finds out, on its machine, whether another is the server of its signer, and proves to it what it is
// itself. Then they talk over mutual TLS.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"

	"samples/local-attestation/peer"
)

const (
	introductions   = "http://introductions:8080"
	secure          = "https://secure:8081"
	mostAnswerBytes = 16 << 10
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	own, err := peer.New()
	if err != nil {
		return err
	}
	target, err := ask(http.DefaultClient, http.MethodGet, introductions+"/target", nil)
	if err != nil {
		return err
	}
	ours, err := own.Introduce(target)
	if err != nil {
		return err
	}
	text, err := json.Marshal(ours)
	if err != nil {
		return err
	}
	answer, err := ask(http.DefaultClient, http.MethodPost, introductions+"/introduction", text)
	if err != nil {
		return err
	}
	var theirs peer.Introduction
	if err := json.Unmarshal(answer, &theirs); err != nil {
		return err
	}
	server, err := peer.Accept(&theirs, peer.Server)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: own.MutualTLS(peer.Only(server))}}
	pong, err := ask(client, http.MethodGet, secure+"/ping", nil)
	if err != nil {
		return err
	}
	fmt.Println("the server answers:", string(pong))
	return nil
}

func ask(client *http.Client, method, url string, body []byte) ([]byte, error) {
	fmt.Println(method, url)
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswerBytes))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	return text, err
}
