package core

import "sync"

// ecMaxFileChunk is the most of a file that crosses in one call.
const ecMaxFileChunk = 256 * 1024

// The kinds of entries of a folder.
const (
	EnclosKindFile   = 0
	EnclosKindFolder = 1
	EnclosKindOther  = 2
)

// EnclosEntry is an entry of a folder of the host.
type EnclosEntry struct {
	Name string
	Kind int
}

// EnclosMountStat asks the host for a file of a mount. found is false when there is none. Path is relative to the target, without
// `.` and `..`. All answers of these functions are untrusted.
func EnclosMountStat(target, path string) (found bool, kind int, size uint64, err error) {
	answer, err := EnclosHost(1, ecMountStat, ecPutText(ecPutText(nil, target), path), 0, 10)
	if err != nil {
		return false, 0, 0, err
	}
	r := &ecReader{b: answer}
	if found = r.bool(); found {
		kind = r.choice(3)
		size = r.u64()
	}
	return found, kind, size, r.end()
}

// EnclosMountRead reads at most 256 KiB; no bytes are the end of the file.
func EnclosMountRead(target, path string, offset uint64, most int) ([]byte, error) {
	if most > ecMaxFileChunk {
		most = ecMaxFileChunk
	}
	request := ecPut64(ecPutText(ecPutText(nil, target), path), offset)
	return ecChunkOf(ecMountRead, ecPut32(request, uint32(most)), most)
}

// EnclosTrustedFileRead reads at most 256 KiB of a trusted file. The caller compares the whole file with its digest.
func EnclosTrustedFileRead(path string, offset uint64, most int) ([]byte, error) {
	if most > ecMaxFileChunk {
		most = ecMaxFileChunk
	}
	return ecChunkOf(ecReadTrustedFile, ecPut32(ecPut64(ecPutText(nil, path), offset), uint32(most)), most)
}

func ecChunkOf(index uint16, request []byte, most int) ([]byte, error) {
	answer, err := EnclosHost(1, index, request, 0, 3+ecMaxFileChunk)
	if err != nil {
		return nil, err
	}
	r := &ecReader{b: answer}
	chunk := r.bytes(0, ecMaxFileChunk)
	if err := r.end(); err != nil {
		return nil, err
	}
	if len(chunk) > most {
		return nil, ecFail("ENCLAVE_MOUNT_REFUSED", "The host gave more than was asked for.")
	}
	return chunk, nil
}

// EnclosMountList lists a folder; "." is the mount itself.
func EnclosMountList(target, path string) ([]EnclosEntry, error) {
	answer, err := EnclosHost(1, ecMountList, ecPutText(ecPutText(nil, target), path), 0, 0)
	if err != nil {
		return nil, err
	}
	r := &ecReader{b: answer}
	var entries []EnclosEntry
	r.each(0, 16384, func() {
		entry := EnclosEntry{Name: r.text(1, 255), Kind: r.choice(3)}
		// No file system has such names: code that joins them to a path would be led elsewhere.
		isName := entry.Name != "." && entry.Name != ".."
		for i := 0; i < len(entry.Name); i++ {
			isName = isName && entry.Name[i] != '/' && entry.Name[i] != 0
		}
		if !isName {
			r.refuse("the host gave a name that is none")
		}
		entries = append(entries, entry)
	})
	return entries, r.end()
}

// The host keeps a file open for each write, and refuses more than it allows; further writes wait here.
var (
	ecWriteTurns  = make(chan struct{}, 8)
	ecWriteMutex  sync.Mutex
	ecWriteNumber uint32
)

// EnclosMountWrite replaces a file, atomically.
func EnclosMountWrite(target, path string, content []byte) error {
	ecWriteTurns <- struct{}{}
	defer func() { <-ecWriteTurns }()
	ecWriteMutex.Lock()
	ecWriteNumber++
	number := ecWriteNumber
	ecWriteMutex.Unlock()
	for {
		piece := content
		if len(piece) > ecMaxFileChunk {
			piece = piece[:ecMaxFileChunk]
		}
		content = content[len(piece):]
		request := ecPut32(ecPutText(ecPutText(nil, target), path), number)
		request = ecPutBytes(request, piece)
		last := byte(0)
		if len(content) == 0 {
			last = 1
		}
		if _, err := EnclosHost(1, ecMountWrite, append(request, last), 0, 1); err != nil || last == 1 {
			return err
		}
	}
}

// EnclosMountRemove removes a file.
func EnclosMountRemove(target, path string) error {
	_, err := EnclosHost(1, ecMountRemove, ecPutText(ecPutText(nil, target), path), 0, 1)
	return err
}
