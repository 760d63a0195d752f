// Package enclave is what a Go program does inside an enclave of Enclos: it proves its identity, derives keys, seals data, reads
// what enclave.json declares, takes and makes connections, and serves the functions of an interface to its host.
//
// A program that `enclos go build` has built need not call it to use the network and files: there the standard library does that.
// Every other program calls [Boot], or any other function of this package, within 10 seconds of its start.
//
// The host, its answers and the network are untrusted. So are the variables and files that come from the host.
package enclave

import (
	"os"
	"sync"

	"enclos.invalid/sdk/internal/core"
	"enclos.invalid/sdk/internal/link"
)

// Error is every failure that this package reports. Code is one of the codes of docs/reference/errors.md, and errors.Is compares by
// it. Remote is true when the host or the platform raised it.
type Error = core.EnclosError

// Manifest is the measured manifest of this enclave.
type Manifest = core.EnclosManifestInfo

var boot struct {
	once     sync.Once
	err      error
	manifest *Manifest
	files    []core.EnclosFile
	// variables are those of the environment that enclave.json declares, and given those that have a value.
	declared map[string]bool
	given    map[string]string
}

// Inside tells whether this process is an enclave.
func Inside() bool { return link.Inside() }

// Boot greets the platform and the host, and returns when the host has started the enclave; the variables of the host are then in
// the environment of the process. Every other function of this package calls it. Outside an enclave it fails with
// ENCLAVE_NOT_BOOTED.
//
//	func main() {
//		if err := enclave.Boot(); err != nil {
//			log.Fatal(err)
//		}
//		listener, err := enclave.Listen("api")
//		…
//	}
func Boot() error {
	boot.once.Do(func() { boot.err = bootOnce() })
	return boot.err
}

func bootOnce() error {
	if err := link.Boot(); err != nil {
		return err
	}
	manifest, files := link.Sections()
	var err error
	if boot.manifest, err = core.EnclosReadManifest(manifest); err != nil {
		return err
	}
	if boot.files, err = core.EnclosReadFiles(files); err != nil {
		return err
	}
	boot.declared, boot.given = map[string]bool{}, map[string]string{}
	for _, variable := range boot.manifest.Environment {
		boot.declared[variable.Name] = true
		if !variable.FromHost {
			boot.given[variable.Name] = variable.Value
		}
	}
	for _, variable := range link.HostEnvironment() {
		boot.given[variable[0]] = variable[1]
		if link.HasEnvironment {
			continue
		}
		if err := os.Setenv(variable[0], variable[1]); err != nil {
			return err
		}
	}
	return nil
}

// ReadManifest returns the measured manifest. It must not be changed.
func ReadManifest() (*Manifest, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	return boot.manifest, nil
}

// Environment returns a variable that enclave.json declares, and whether it has a value. Values that are written there are
// measured; values that are taken from the host are untrusted. ENCLAVE_VARIABLE_NOT_DECLARED is for another name.
func Environment(name string) (value string, found bool, err error) {
	if err := Boot(); err != nil {
		return "", false, err
	}
	if !boot.declared[name] {
		return "", false, &Error{Code: "ENCLAVE_VARIABLE_NOT_DECLARED", Message: "enclave.json does not declare the variable " + name + "."}
	}
	value, found = boot.given[name]
	return value, found, nil
}

// EmbeddedFile returns a file that is part of the image (`files` of enclave.json), so its content is measured.
// ENCLAVE_FILE_NOT_DECLARED is for another path.
func EmbeddedFile(path string) ([]byte, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	for _, file := range boot.files {
		if file.Path == path {
			return append([]byte(nil), file.Content...), nil
		}
	}
	return nil, &Error{Code: "ENCLAVE_FILE_NOT_DECLARED", Message: "enclave.json embeds no file " + path + "."}
}

// Exit sends the log lines that wait, and ends the process.
func Exit(code int) { link.Exit(code) }
