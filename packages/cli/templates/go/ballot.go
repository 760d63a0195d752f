package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
)

const (
	mostChoices     = 100
	mostChoiceBytes = 64
)

// A ballot counts votes. It lives in the enclave, so its counts are what the measured program made of what it was sent.
type ballot struct {
	lock  sync.Mutex
	votes map[string]int
}

func newBallot() *ballot {
	return &ballot{votes: make(map[string]int)}
}

// ServeHTTP answers `POST /vote`, whose body is a choice, and `GET /result`.
func (b *ballot) ServeHTTP(to http.ResponseWriter, request *http.Request) {
	switch request.Method + " " + request.URL.Path {
	case "POST /vote":
		b.vote(to, request)
	case "GET /result":
		b.result(to)
	default:
		http.NotFound(to, request)
	}
}

func (b *ballot) vote(to http.ResponseWriter, request *http.Request) {
	// What clients send is not trusted: the bound comes first.
	body, err := io.ReadAll(http.MaxBytesReader(to, request.Body, mostChoiceBytes))
	choice := strings.TrimSpace(string(body))
	if err != nil || choice == "" {
		http.Error(to, "a vote is a word", http.StatusBadRequest)
		return
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.votes[choice] == 0 && len(b.votes) == mostChoices {
		http.Error(to, "there are too many choices", http.StatusConflict)
		return
	}
	b.votes[choice]++
	to.WriteHeader(http.StatusNoContent)
}

func (b *ballot) result(to http.ResponseWriter) {
	b.lock.Lock()
	defer b.lock.Unlock()
	to.Header().Set("content-type", "application/json")
	_ = json.NewEncoder(to).Encode(b.votes)
}
