package kernel

import (
	"sync"
	"syscall"
	"time"

	. "enclos.invalid/sdk/internal/core"
)

// vkHost is a mounted folder of the host. The host can read, change and withhold all of it: seal what matters.
type vkHost struct {
	target   string
	readOnly bool
	// most is what a file may have while it is open for writing.
	most  int64
	node  *vkNode
	since time.Time

	mu sync.Mutex
	// open holds the files that are open for writing, by path: everyone in the program sees one content of them.
	open map[string]*vkHostFile
}

// vkHostFile is a file of the host that is open for writing. The host replaces files whole, so the content is here until it is
// closed or synced.
type vkHostFile struct {
	host    *vkHost
	rel     string
	opens   int
	mu      sync.Mutex
	content []byte
	dirty   bool
	changed time.Time
	removed bool
	// failed is why the content could not be taken in.
	failed error
}

// opened is the shared content of a file that is open for writing, or nil.
func (h *vkHost) opened(rel string) *vkHostFile {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open[rel]
}

// openToWrite takes the content of a file in, unless it is in already.
func (h *vkHost) openToWrite(rel string, size int64, isNew, truncate bool) (*vkHostFile, error) {
	h.mu.Lock()
	file := h.open[rel]
	isFirst := file == nil
	if isFirst {
		file = &vkHostFile{host: h, rel: rel, changed: time.Now()}
		if h.open == nil {
			h.open = map[string]*vkHostFile{}
		}
		h.open[rel] = file
		// Others who open it wait for the content.
		file.mu.Lock()
	}
	// Before the host is asked: another who closes it meanwhile is not the last.
	file.opens++
	h.mu.Unlock()
	if isFirst {
		file.failed = file.load(size, isNew || truncate)
		file.mu.Unlock()
	}
	err := file.failure()
	if err == nil && truncate {
		err = file.truncate(0)
	}
	if err == nil {
		return file, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if file.opens--; h.open[rel] == file {
		delete(h.open, rel)
	}
	return nil, err
}

func (f *vkHostFile) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

func (f *vkHostFile) load(size int64, isEmpty bool) error {
	if isEmpty {
		f.dirty = true
		return nil
	}
	if size > f.host.most {
		return syscall.EFBIG
	}
	for int64(len(f.content)) < size {
		piece := make([]byte, min(vkFileChunk, size-int64(len(f.content))))
		n, err := f.host.pread(f.rel, piece, int64(len(f.content)))
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		f.content = append(f.content, piece[:n]...)
	}
	return nil
}

func (f *vkHostFile) pread(p []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if offset >= int64(len(f.content)) {
		return 0, nil
	}
	return copy(p, f.content[offset:]), nil
}

func (f *vkHostFile) pwrite(p []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if offset < 0 || offset > f.host.most-int64(len(p)) {
		return 0, syscall.EFBIG
	}
	f.content = vkPlaceBytes(f.content, p, offset)
	f.dirty, f.changed = true, time.Now()
	return len(p), nil
}

// vkPlaceBytes writes into content, which grows, with zeros where nothing was.
func vkPlaceBytes(content, p []byte, offset int64) []byte {
	if end := offset + int64(len(p)); end > int64(len(content)) {
		content = vkLonger(content, end)
	}
	copy(content[offset:], p)
	return content
}

// vkLonger adds zeros in one step: zeros that are made and then appended take their memory twice, and a write may be far behind the end.
func vkLonger(content []byte, size int64) []byte {
	old := len(content)
	if size > int64(cap(content)) {
		longer := make([]byte, size, max(size, int64(old)+int64(old)/4+512))
		copy(longer, content)
		return longer
	}
	content = content[:size]
	clear(content[old:])
	return content
}

func (f *vkHostFile) truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if size > f.host.most {
		return syscall.EFBIG
	}
	f.content = vkResize(f.content, size)
	f.dirty, f.changed = true, time.Now()
	return nil
}

func vkResize(content []byte, size int64) []byte {
	if size <= int64(len(content)) {
		clear(content[size:])
		return content[:size]
	}
	return vkLonger(content, size)
}

func (f *vkHostFile) size() (int64, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.content)), f.changed
}

// sync has the host replace the file.
func (f *vkHostFile) sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.dirty || f.removed {
		return nil
	}
	err := f.host.replace(f.rel, f.content)
	if err == nil {
		f.dirty = false
	}
	return err
}

// close syncs when the last writer closes.
func (f *vkHostFile) close() error {
	f.host.mu.Lock()
	f.opens--
	isLast := f.opens == 0
	f.host.mu.Unlock()
	if !isLast {
		return nil
	}
	err := f.sync()
	f.host.mu.Lock()
	if f.opens == 0 && f.host.open[f.rel] == f {
		delete(f.host.open, f.rel)
	}
	f.host.mu.Unlock()
	return err
}

// forget drops what is open for writing of a file that is removed or replaced.
func (h *vkHost) forget(rel string) {
	h.mu.Lock()
	file := h.open[rel]
	delete(h.open, rel)
	h.mu.Unlock()
	if file != nil {
		file.mu.Lock()
		file.removed = true
		file.mu.Unlock()
	}
}

// moved gives what is open for writing of a file the new name of that file.
func (h *vkHost) moved(from, to string) {
	file := h.opened(from)
	if file == nil {
		return
	}
	file.mu.Lock()
	defer file.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[from] == file {
		delete(h.open, from)
		h.open[to] = file
		file.rel = to
	}
}

// statInto fills in what the host says of a path. It gives no times and no rights.
func (h *vkHost) statInto(st *syscall.Stat_t, rel string) error {
	*st = syscall.Stat_t{Nlink: 1, Blksize: 4096, Ino: vkHash(h.target, rel), Dev: 1}
	if file := h.opened(rel); file != nil {
		size, changed := file.size()
		st.Size, st.Mode = size, h.mode(EnclosKindFile)
		vkTimes(st, changed)
		return nil
	}
	kind, size, found, err := h.stat(rel)
	if err != nil {
		return err
	}
	if !found {
		return syscall.ENOENT
	}
	st.Mode = h.mode(kind)
	if kind == EnclosKindFile {
		st.Size = size
	}
	vkTimes(st, h.since)
	return nil
}

func (h *vkHost) mode(kind int) uint32 {
	mode := uint32(syscall.S_IFREG | 0o644)
	switch kind {
	case EnclosKindFolder:
		mode = syscall.S_IFDIR | 0o755
	case EnclosKindOther:
		mode = syscall.S_IFCHR
	}
	if h.readOnly {
		mode &^= 0o222
	}
	return mode
}

// vkHash is a number for a path that the host has, by FNV-1a.
func vkHash(texts ...string) uint64 {
	hash := uint64(14695981039346656037)
	for _, text := range texts {
		for i := 0; i < len(text); i++ {
			hash = (hash ^ uint64(text[i])) * 1099511628211
		}
		hash = (hash ^ 0xff) * 1099511628211
	}
	return hash
}
