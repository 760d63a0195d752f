package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(b *ballot, method, path, body string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	b.ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader(body)))
	return answer
}

func TestVotesAreCounted(t *testing.T) {
	b := newBallot()
	for _, choice := range []string{"tea", "coffee", "tea\n"} {
		if got := ask(b, "POST", "/vote", choice).Code; got != http.StatusNoContent {
			t.Fatalf("a vote for %q was answered with %d", choice, got)
		}
	}
	if got := ask(b, "GET", "/result", "").Body.String(); got != "{\"coffee\":1,\"tea\":2}\n" {
		t.Fatalf("the result is %s", got)
	}
}

func TestWhatIsNotAVoteIsRefused(t *testing.T) {
	b := newBallot()
	for _, choice := range []string{"", " ", strings.Repeat("x", mostChoiceBytes+1)} {
		if got := ask(b, "POST", "/vote", choice).Code; got != http.StatusBadRequest {
			t.Errorf("a vote of %d bytes was answered with %d", len(choice), got)
		}
	}
	if got := ask(b, "GET", "/vote", "").Code; got != http.StatusNotFound {
		t.Errorf("GET /vote was answered with %d", got)
	}
	for i := 0; i < mostChoices; i++ {
		ask(b, "POST", "/vote", fmt.Sprint(i))
	}
	if got := ask(b, "POST", "/vote", "one more").Code; got != http.StatusConflict {
		t.Errorf("a choice too many was answered with %d", got)
	}
}
