// Command hello-world is a Go program like any other: it imports nothing of Enclos, and runs as an enclave and outside of one.
package main

import (
	"fmt"
	"os"
	"sync"
)

func main() {
	name, err := os.Hostname()
	if err != nil {
		name = "nowhere"
	}
	fmt.Printf("Hello from %s\n", name)

	var greeters sync.WaitGroup
	for _, word := range []string{"hello", "world"} {
		greeters.Add(1)
		go func(word string) {
			defer greeters.Done()
			for i := 1; i <= 3; i++ {
				fmt.Printf("%s %d\n", word, i)
			}
		}(word)
	}
	greeters.Wait()
}
