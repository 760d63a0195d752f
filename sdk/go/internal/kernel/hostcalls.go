package kernel

import (
	"syscall"

	. "enclos.invalid/sdk/internal/core"
)

// vkHostService is the host's file service; tests play it. Every answer is untrusted: its form is checked there, its meaning here.
var vkHostService = struct {
	stat   func(target, path string) (found bool, kind int, size uint64, err error)
	read   func(target, path string, offset uint64, most int) ([]byte, error)
	list   func(target, path string) ([]EnclosEntry, error)
	write  func(target, path string, content []byte) error
	remove func(target, path string) error
}{EnclosMountStat, EnclosMountRead, EnclosMountList, EnclosMountWrite, EnclosMountRemove}

const (
	vkFileChunk = 256 * 1024
	vkMostSize  = 1 << 62
)

// vkEntry is a name in a folder.
type vkEntry struct {
	name string
	kind int
}

// vkHostErrno: what the host could not do is an error of the file system here.
func vkHostErrno(err error) error {
	known, ok := err.(*EnclosError)
	switch {
	case err == nil:
		return nil
	case ok && known.Code == "HOST_STORAGE_FULL":
		return syscall.ENOSPC
	case ok && known.Code == "HOST_MOUNT_REFUSED":
		return syscall.EACCES
	}
	return syscall.EIO
}

// vkRel is the path of a file of a mount as the host wants it.
func vkRel(rel string) string {
	if rel == "" {
		return "."
	}
	return rel
}

// vkMostHostPath is the longest path that the host takes (packages/model/edl/src/system.ts).
const vkMostHostPath = 1024

func vkFits(rel string) error {
	if len(rel) > vkMostHostPath {
		return syscall.ENAMETOOLONG
	}
	return nil
}

// stat is what a path of the mount is: found is false when there is nothing.
func (h *vkHost) stat(rel string) (kind int, size int64, found bool, err error) {
	if err := vkFits(rel); err != nil {
		return 0, 0, false, err
	}
	found, kind, bytes, err := vkHostService.stat(h.target, vkRel(rel))
	if err == nil && bytes > vkMostSize {
		return 0, 0, false, syscall.EIO
	}
	return kind, int64(bytes), found, vkHostErrno(err)
}

// pread reads one piece.
func (h *vkHost) pread(rel string, p []byte, offset int64) (int, error) {
	content, err := vkHostService.read(h.target, rel, uint64(offset), min(len(p), vkFileChunk))
	return copy(p, content), vkHostErrno(err)
}

func (h *vkHost) list(rel string) ([]vkEntry, error) {
	if err := vkFits(rel); err != nil {
		return nil, err
	}
	found, err := vkHostService.list(h.target, vkRel(rel))
	entries := make([]vkEntry, len(found))
	for i, entry := range found {
		entries[i] = vkEntry{entry.Name, entry.Kind}
	}
	return entries, vkHostErrno(err)
}

// replace gives a file a new content, at once.
func (h *vkHost) replace(rel string, content []byte) error {
	return vkHostErrno(vkHostService.write(h.target, rel, content))
}

func (h *vkHost) remove(rel string) error {
	return vkHostErrno(vkHostService.remove(h.target, rel))
}
