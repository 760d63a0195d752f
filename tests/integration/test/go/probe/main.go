// The probe: an unmodified Go program that tries what programs do, and prints what happened, a line for each.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"sort"
	"strings"
)

// checks are by name; each file adds its own.
var checks = map[string]func() error{}

func main() {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "dial ") {
		dial(strings.TrimPrefix(os.Args[1], "dial "))
		return
	}
	names := []string{}
	for name := range checks {
		if len(os.Args) < 2 || strings.Contains(name, os.Args[1]) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		if err := run(checks[name]); err != nil {
			fmt.Printf("FAIL %s: %v\n", name, err)
		} else {
			fmt.Printf("ok %s\n", name)
		}
	}
	fmt.Printf("done %d\n", len(names))
	if len(os.Args) < 3 {
		serve()
	}
}

// dial says how a dial ended, and that is all.
func dial(address string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Close()
	fmt.Println("dialled")
}

func run(check func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return check()
}

// want compares what was got with what was expected.
func want(got, expected any) error {
	if fmt.Sprint(got) != fmt.Sprint(expected) {
		return fmt.Errorf("got %v, want %v", got, expected)
	}
	return nil
}

// all is the first error.
func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// says checks that an error contains a text.
func says(err error, text string) error {
	if err == nil || !strings.Contains(err.Error(), text) {
		return fmt.Errorf("error %v does not say %q", err, text)
	}
	return nil
}
