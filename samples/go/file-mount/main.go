// Command file-mount counts its starts in a file that the host keeps and cannot read, and writes another that the host never sees.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"strconv"

	"enclos.invalid/sdk/enclave"
)

const (
	kept    = "/data/starts.sealed"
	scratch = "/scratch/note.txt"
)

// Later versions of this program open the blob too.
var options = enclave.SealOptions{Policy: enclave.PolicySigner, AssociatedData: []byte(kept)}

func main() {
	starts, err := readStarts()
	if err == nil {
		starts++
		err = writeStarts(starts)
	}
	if err == nil {
		err = os.WriteFile(scratch, []byte("private"), 0o600)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("this is start %d\n", starts)
	for _, file := range []string{kept, scratch} {
		info, err := os.Stat(file)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s has %d bytes\n", file, info.Size())
	}
}

// readStarts reads the file of the host. A host can keep an older one and give it back: nothing here would notice.
func readStarts() (int, error) {
	blob, err := os.ReadFile(kept)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	text, err := enclave.Unseal(blob, options)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func writeStarts(starts int) error {
	blob, err := enclave.Seal([]byte(strconv.Itoa(starts)), options)
	if err != nil {
		return err
	}
	return os.WriteFile(kept, blob, 0o600)
}
