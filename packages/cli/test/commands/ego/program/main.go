// The program of ego-run.slow.process.test.ts: what programs for EGo do, each by a word in EDG_DO.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

func main() {
	for _, word := range strings.Fields(os.Getenv("EDG_DO")) {
		name, value, _ := strings.Cut(word, "=")
		if err := steps[name](value); err != nil {
			fmt.Println(name, "failed:", err)
		}
	}
	fmt.Println("hello")
	fmt.Println("world")
}

var steps = map[string]func(string) error{
	"variables": func(string) error {
		for _, name := range []string{"OE_IS_ENCLAVE", "EDG_MORE", "OTHER", "MODE", "LANGUAGE", "FALLBACK"} {
			value, found := os.LookupEnv(name)
			fmt.Println(name, value, found)
		}
		fmt.Println(os.Args)
		return nil
	},
	"files": func(string) error {
		folder, err := os.Getwd()
		if err != nil {
			return err
		}
		embedded, err := os.ReadFile("/path/to/file")
		if err != nil {
			return err
		}
		given, err := os.ReadFile("given.txt")
		if err != nil {
			return err
		}
		fmt.Println(folder, string(embedded), string(given))
		if err := os.WriteFile("/anywhere", []byte("in memory"), 0o600); err != nil {
			return err
		}
		return os.WriteFile("made.txt", []byte("by the enclave"), 0o600)
	},
	"ask": func(url string) error {
		answer, err := http.Get(url)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		fmt.Println("answered", string(text))
		return err
	},
	"serve": func(address string) error {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		fmt.Println("listening")
		once := func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "hello "+r.URL.Path)
			go listener.Close()
		}
		if err := http.Serve(listener, http.HandlerFunc(once)); !strings.Contains(err.Error(), "closed") {
			return err
		}
		return nil
	},
}
