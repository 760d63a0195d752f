package kernel

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	. "enclos.invalid/sdk/internal/core"
)

// newTestKernel is a kernel with a folder of a played host at /data, memory at /memory, and an embedded file.
func newTestKernel(t *testing.T) (*VkKernel, *playedHost) {
	t.Helper()
	host := playHost(t)
	k := vkNewKernel(256)
	k.files.build(&EnclosManifestInfo{Name: "tested", HeapBytes: 4 << 20, Mounts: []EnclosMount{
		{Target: "/endless", Kind: "host", MaxBytes: 1 << 40},
		{Target: "/data/inner", Kind: "memory", MaxBytes: 10},
		{Target: "/data", Kind: "host", MaxBytes: 1 << 20},
		{Target: "/memory", Kind: "memory", MaxBytes: 1000},
		{Target: "/fixed", Kind: "host", ReadOnly: true, MaxBytes: 1000},
	}}, []EnclosFile{{Path: "/etc/embedded", Content: []byte("measured")}})
	return k, host
}

// playedHost keeps the files of mounts in memory.
type playedHost struct {
	files map[string]string
	fails error
}

func playHost(t *testing.T) *playedHost {
	host := &playedHost{files: map[string]string{}}
	own := vkHostService
	t.Cleanup(func() { vkHostService = own })
	vkHostService.stat = func(target, path string) (bool, int, uint64, error) {
		key := filepath.Join(target, path)
		if content, found := host.files[key]; found {
			return true, EnclosKindFile, uint64(len(content)), host.fails
		}
		for name := range host.files {
			if path == "." || strings.HasPrefix(name, key+"/") {
				return true, EnclosKindFolder, 4096, host.fails
			}
		}
		return path == ".", EnclosKindFolder, 0, host.fails
	}
	vkHostService.read = func(target, path string, offset uint64, most int) ([]byte, error) {
		content := host.files[filepath.Join(target, path)]
		if offset > uint64(len(content)) {
			return nil, host.fails
		}
		return []byte(content[offset:min(len(content), int(offset)+most)]), host.fails
	}
	vkHostService.write = func(target, path string, content []byte) error {
		if host.fails == nil {
			host.files[filepath.Join(target, path)] = string(content)
		}
		return host.fails
	}
	vkHostService.remove = func(target, path string) error {
		delete(host.files, filepath.Join(target, path))
		return host.fails
	}
	vkHostService.list = func(target, path string) ([]EnclosEntry, error) {
		var entries []EnclosEntry
		for name := range host.files {
			if filepath.Dir(name) == filepath.Join(target, path) {
				entries = append(entries, EnclosEntry{Name: filepath.Base(name), Kind: EnclosKindFile})
			}
		}
		return entries, host.fails
	}
	return host
}

func (k *VkKernel) testOpen(t *testing.T, path string, flags int) int {
	t.Helper()
	fd, err := k.Openat(vkAtCwd, path, flags, 0o600)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return fd
}

func (k *VkKernel) testWrite(t *testing.T, path, content string) {
	t.Helper()
	fd := k.testOpen(t, path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC)
	if _, err, _ := k.Write(fd, []byte(content)); err != nil {
		t.Fatal(err)
	}
	if err, _ := k.Close(fd); err != nil {
		t.Fatal(err)
	}
}

func (k *VkKernel) testRead(t *testing.T, path string) string {
	t.Helper()
	fd := k.testOpen(t, path, os.O_RDONLY)
	defer k.Close(fd)
	buffer := make([]byte, 4096)
	n, err, _ := k.Read(fd, buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

func TestErrnoOfEveryCall(t *testing.T) {
	k, host := newTestKernel(t)
	host.files["/data/file"] = "content"
	host.files["/fixed/file"] = "fixed"
	k.testWrite(t, "/memory/file", "content")
	folder := k.testOpen(t, "/memory", os.O_RDONLY)
	file := k.testOpen(t, "/memory/file", os.O_RDONLY)
	open := func(path string, flags int) error {
		_, err := k.Openat(vkAtCwd, path, flags, 0o600)
		return err
	}
	long := "/memory/" + strings.Repeat("x", 256)
	for _, c := range []struct {
		what string
		got  error
		want error
	}{
		{"nothing there", open("/none", os.O_RDONLY), syscall.ENOENT},
		{"empty path", open("", os.O_RDONLY), syscall.ENOENT},
		{"below nothing", open("/memory/none/file", os.O_CREATE), syscall.ENOENT},
		{"below a file", open("/memory/file/x", os.O_RDONLY), syscall.ENOTDIR},
		{"a slash after a file", open("/memory/file/", os.O_RDONLY), syscall.ENOTDIR},
		{"a folder to write", open("/memory", os.O_WRONLY), syscall.EISDIR},
		{"a file as a folder", open("/memory/file", syscall.O_DIRECTORY), syscall.ENOTDIR},
		{"exclusive", open("/memory/file", os.O_CREATE|os.O_EXCL), syscall.EEXIST},
		{"a long name", open(long, os.O_CREATE), syscall.ENAMETOOLONG},
		{"a long path", open("/"+strings.Repeat("x/", 3000), os.O_RDONLY), syscall.ENAMETOOLONG},
		{"outside mounts", open("/new", os.O_CREATE|os.O_WRONLY), syscall.EACCES},
		{"measured", open("/etc/embedded", os.O_WRONLY), syscall.EACCES},
		{"host: nothing there", open("/data/none", os.O_RDONLY), syscall.ENOENT},
		{"host: exclusive", open("/data/file", os.O_CREATE|os.O_EXCL|os.O_WRONLY), syscall.EEXIST},
		{"host: mount to write", open("/data", os.O_WRONLY), syscall.EISDIR},
		{"host: as a folder", open("/data/file", syscall.O_DIRECTORY), syscall.ENOTDIR},
		{"host: read-only", open("/fixed/file", os.O_WRONLY), syscall.EROFS},
		{"host: new in read-only", open("/fixed/new", os.O_CREATE|os.O_WRONLY), syscall.EROFS},
		{"host: long path", open("/data/"+strings.Repeat("x/", 600), os.O_RDONLY), syscall.ENAMETOOLONG},
		{"folder exists", k.Mkdirat(vkAtCwd, "/memory", 0), syscall.EEXIST},
		{"folder outside mounts", k.Mkdirat(vkAtCwd, "/new", 0), syscall.EACCES},
		{"host: folder exists", k.Mkdirat(vkAtCwd, "/data", 0), syscall.EEXIST},
		{"host: folder is a file", k.Mkdirat(vkAtCwd, "/data/file", 0), syscall.ENOTDIR},
		{"host: new folder", k.Mkdirat(vkAtCwd, "/data/new", 0), syscall.EPERM},
		{"remove a folder as a file", k.Unlinkat(vkAtCwd, "/memory", 0), syscall.EISDIR},
		{"remove a file as a folder", k.Unlinkat(vkAtCwd, "/memory/file", vkAtRemoveDir), syscall.ENOTDIR},
		{"remove a mount", k.Unlinkat(vkAtCwd, "/data", vkAtRemoveDir), syscall.EBUSY},
		{"remove a full folder", k.Unlinkat(vkAtCwd, "/memory", vkAtRemoveDir), syscall.ENOTEMPTY},
		{"remove the root", k.Unlinkat(vkAtCwd, "/", vkAtRemoveDir), syscall.EBUSY},
		{"remove what is measured", k.Unlinkat(vkAtCwd, "/etc/embedded", 0), syscall.EACCES},
		{"host: remove in read-only", k.Unlinkat(vkAtCwd, "/fixed/file", 0), syscall.EROFS},
		{"move across", k.Renameat(vkAtCwd, "/memory/file", vkAtCwd, "/data/file"), syscall.EXDEV},
		{"move nothing", k.Renameat(vkAtCwd, "/memory/none", vkAtCwd, "/memory/x"), syscall.ENOENT},
		{"host: move nothing", k.Renameat(vkAtCwd, "/data/none", vkAtCwd, "/data/x"), syscall.ENOENT},
		{"host: move in read-only", k.Renameat(vkAtCwd, "/fixed/file", vkAtCwd, "/fixed/x"), syscall.EROFS},
		{"host: link", k.Symlinkat("x", vkAtCwd, "/data/x"), syscall.EPERM},
		{"hard link of a folder", k.Linkat(vkAtCwd, "/memory", vkAtCwd, "/memory/x"), syscall.EPERM},
		{"not a link", func() error { _, err := k.Readlinkat(vkAtCwd, "/memory/file", nil); return err }(), syscall.EINVAL},
		{"write to a reader", func() error { _, err, _ := k.Write(file, []byte("x")); return err }(), syscall.EBADF},
		{"read a folder", func() error { _, err, _ := k.Read(folder, make([]byte, 1)); return err }(), syscall.EISDIR},
		{"list a file", func() error { _, err, _ := k.Getdents(file, make([]byte, 100)); return err }(), syscall.ENOTDIR},
		{"too little room", func() error { _, err, _ := k.Getdents(folder, make([]byte, 8)); return err }(), syscall.EINVAL},
		{"seek before the start", func() error { _, err, _ := k.Seek(file, -1, io.SeekStart); return err }(), syscall.EINVAL},
		{"closed twice", func() error { k.Close(file); err, _ := k.Close(file); return err }(), syscall.EBADF},
		{"relative to no folder", func() error { _, err := k.Openat(77, "x", 0, 0); return err }(), syscall.EBADF},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}

func TestHostThatFails(t *testing.T) {
	k, host := newTestKernel(t)
	host.files["/data/file"] = "content"
	for code, errno := range map[string]error{"HOST_STORAGE_FULL": syscall.ENOSPC, "HOST_MOUNT_REFUSED": syscall.EACCES, "GATE_REMOTE_ERROR": syscall.EIO} {
		fd := k.testOpen(t, "/data/file", os.O_RDWR)
		k.Write(fd, []byte("changed"))
		host.fails = &EnclosError{Code: code}
		if err, _ := k.Close(fd); err != errno {
			t.Errorf("%s: %v", code, err)
		}
		host.fails = nil
	}
	if host.files["/data/file"] != "content" {
		t.Error("the file has changed")
	}
}

func TestHostThatLies(t *testing.T) {
	k, _ := newTestKernel(t)
	vkHostService.stat = func(string, string) (bool, int, uint64, error) { return true, EnclosKindFile, 1 << 63, nil }
	if _, err := k.Openat(vkAtCwd, "/data/x", os.O_RDONLY, 0); err != syscall.EIO {
		t.Errorf("a size that no file has: %v", err)
	}
	vkHostService.stat = func(string, string) (bool, int, uint64, error) { return true, EnclosKindFile, 2 << 20, nil }
	if _, err := k.Openat(vkAtCwd, "/data/x", os.O_RDWR, 0); err != syscall.EFBIG {
		t.Errorf("more than the mount allows: %v", err)
	}
	vkHostService.stat = func(string, string) (bool, int, uint64, error) { return true, EnclosKindFile, 1000, nil }
	vkHostService.read = func(string, string, uint64, int) ([]byte, error) { return nil, nil }
	fd := k.testOpen(t, "/data/x", os.O_RDWR)
	var st syscall.Stat_t
	if err, _ := k.Fstat(fd, &st); err != nil || st.Size != 0 {
		t.Errorf("a file that ends before its size: %v %d", err, st.Size)
	}
}

func TestWritersOfAHostFileSeeOneContent(t *testing.T) {
	k, host := newTestKernel(t)
	writer := k.testOpen(t, "/data/shared", os.O_CREATE|os.O_WRONLY)
	k.Write(writer, []byte("one"))
	if got := k.testRead(t, "/data/shared"); got != "one" {
		t.Errorf("a reader sees %q", got)
	}
	if _, found := host.files["/data/shared"]; found {
		t.Error("the host has it before it is closed")
	}
	other := k.testOpen(t, "/data/shared", os.O_APPEND|os.O_WRONLY)
	k.Write(other, []byte("+two"))
	k.Close(writer)
	k.Close(other)
	if got := host.files["/data/shared"]; got != "one+two" {
		t.Errorf("the host has %q", got)
	}
}

func TestOffsetsThatWrap(t *testing.T) {
	k, _ := newTestKernel(t)
	const most = 1<<63 - 1
	k.testWrite(t, "/memory/full", strings.Repeat("x", 100))
	for _, path := range []string{"/memory/far", "/data/far"} {
		fd := k.testOpen(t, path, os.O_CREATE|os.O_RDWR)
		for _, offset := range []int64{most, most - 1, most - 9} {
			if _, err, _ := k.Pwrite(fd, []byte("0123456789"), offset); err != syscall.EFBIG {
				t.Errorf("%s at %d: %v", path, offset, err)
			}
		}
		if _, err, _ := k.Seek(fd, most, io.SeekStart); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if _, err, _ := k.Write(fd, []byte("x")); err != syscall.EFBIG {
			t.Errorf("%s by its offset: %v", path, err)
		}
		if err, _ := k.Ftruncate(fd, most); err != syscall.ENOSPC && err != syscall.EFBIG {
			t.Errorf("%s cut at %d: %v", path, int64(most), err)
		}
	}
}

func TestARenamedFileKeepsItsWriters(t *testing.T) {
	k, host := newTestKernel(t)
	writer := k.testOpen(t, "/data/log", os.O_CREATE|os.O_WRONLY)
	k.Write(writer, []byte("before"))
	if err := k.Renameat(vkAtCwd, "/data/log", vkAtCwd, "/data/log.1"); err != nil {
		t.Fatal(err)
	}
	k.testWrite(t, "/data/log", "new")
	k.Write(writer, []byte(" and after"))
	k.Close(writer)
	if host.files["/data/log.1"] != "before and after" || host.files["/data/log"] != "new" {
		t.Errorf("the host has %q", host.files)
	}
}

func TestWritersWhoOpenWhileTheHostReads(t *testing.T) {
	k, host := newTestKernel(t)
	host.files["/data/slow"] = "content"
	read := vkHostService.read
	asked, goOn := make(chan struct{}, 9), make(chan struct{})
	failing := true
	vkHostService.read = func(target, path string, offset uint64, most int) ([]byte, error) {
		asked <- struct{}{}
		<-goOn
		if failing {
			return nil, errors.New("not now")
		}
		return read(target, path, offset, most)
	}
	open := func(errs chan<- error) {
		fd, err := k.Openat(vkAtCwd, "/data/slow", os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			k.Write(fd, []byte("+"))
			err, _ = k.Close(fd)
		}
		errs <- err
	}
	// Both fail, since there is no content to add to; then both add.
	for _, expected := range []error{syscall.EIO, nil} {
		errs := make(chan error, 2)
		go open(errs)
		<-asked
		go open(errs)
		for h := k.hostAt("/data"); ; runtime.Gosched() {
			h.mu.Lock()
			opens := h.open["slow"].opens
			h.mu.Unlock()
			if opens == 2 {
				break
			}
		}
		goOn <- struct{}{}
		for i := 0; i < 2; i++ {
			if err := <-errs; err != expected {
				t.Fatalf("opened by two: %v", err)
			}
		}
		failing = false
	}
	if got := host.files["/data/slow"]; got != "content++" {
		t.Errorf("the host has %q", got)
	}
}

func (k *VkKernel) hostAt(target string) *vkHost {
	for _, h := range k.files.hosts {
		if h.target == target {
			return h
		}
	}
	return nil
}

func TestNamesOfDestinations(t *testing.T) {
	m := &EnclosManifestInfo{Name: "api", Connect: []EnclosDestination{{Name: "db", Host: "Localhost"}, {Name: "api", Host: "api.example"}}}
	for host, expected := range map[string]bool{"localhost": true, "db": true, "api": true, "api.example": true, "other": false} {
		if vkDeclares(m, host) != expected {
			t.Errorf("%s is declared: %v", host, !expected)
		}
	}
}

func TestMemoryIsCountedAndGivenBack(t *testing.T) {
	k, _ := newTestKernel(t)
	full := strings.Repeat("x", 1000)
	for i := 0; i < 3; i++ {
		k.testWrite(t, "/memory/full", full)
		fd := k.testOpen(t, "/memory/more", os.O_CREATE|os.O_WRONLY)
		if _, err, _ := k.Write(fd, []byte("x")); err != syscall.ENOSPC {
			t.Fatalf("more than the mount holds: %v", err)
		}
		k.Close(fd)
		if err := k.Unlinkat(vkAtCwd, "/memory/full", 0); err != nil {
			t.Fatal(err)
		}
	}
	k.testWrite(t, "/memory/a", full)
	k.testWrite(t, "/memory/b", "")
	if err := k.Renameat(vkAtCwd, "/memory/b", vkAtCwd, "/memory/a"); err != nil {
		t.Fatal(err)
	}
	k.testWrite(t, "/memory/again", full)
}

func TestEmbeddedContentStaysTheImages(t *testing.T) {
	content := []byte("image")
	k := vkNewKernel(16)
	k.files.build(&EnclosManifestInfo{Name: "x", Mounts: []EnclosMount{{Target: "/", Kind: "memory", MaxBytes: 100}}},
		[]EnclosFile{{Path: "/a/file", Content: content}})
	fd := k.testOpen(t, "/a/file", os.O_RDWR)
	k.Pwrite(fd, []byte("XX"), 0)
	k.Close(fd)
	if got := k.testRead(t, "/a/file"); got != "XXage" || string(content) != "image" {
		t.Errorf("%q %q", got, content)
	}
	if err := k.Mkdirat(vkAtCwd, "/tmp/x", 0o700); err != nil {
		t.Errorf("a root in memory has /tmp: %v", err)
	}
}

func TestLinksThatTurnInCircles(t *testing.T) {
	k, _ := newTestKernel(t)
	for _, link := range [][2]string{{"b", "/memory/a"}, {"a", "/memory/b"}, {"/memory", "/memory/self"}} {
		if err := k.Symlinkat(link[0], vkAtCwd, link[1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Openat(vkAtCwd, "/memory/a", os.O_RDONLY, 0); err != syscall.ELOOP {
		t.Error(err)
	}
	k.testWrite(t, "/memory/self/self/self/file", "deep")
	if got := k.testRead(t, "/memory/file"); got != "deep" {
		t.Error(got)
	}
	if _, err := k.Openat(vkAtCwd, "/memory/a", os.O_RDONLY|syscall.O_NOFOLLOW, 0); err != syscall.ELOOP {
		t.Error(err)
	}
}

func TestAFolderDoesNotMoveIntoItself(t *testing.T) {
	k, _ := newTestKernel(t)
	k.Mkdirat(vkAtCwd, "/memory/a", 0o700)
	k.Mkdirat(vkAtCwd, "/memory/a/b", 0o700)
	if err := k.Renameat(vkAtCwd, "/memory/a", vkAtCwd, "/memory/a/b/c"); err != syscall.EINVAL {
		t.Error(err)
	}
	if err := k.Renameat(vkAtCwd, "/memory/a", vkAtCwd, "/memory"); err != syscall.EINVAL && err != syscall.EBUSY && err != syscall.EXDEV {
		t.Error(err)
	}
}

func TestPeerText(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1 80":            "192.0.2.1:80",
		"2001:db8::1 65535":       "[2001:db8::1]:65535",
		"::ffff:192.0.2.1 1":      "192.0.2.1:1",
		"fe80::1%eth0 1":          "[fe80::1]:1",
		"":                        "0.0.0.0:0",
		"192.0.2.1":               "0.0.0.0:0",
		"192.0.2.1 65536":         "0.0.0.0:0",
		"192.0.2.1 80 ":           "0.0.0.0:0",
		"peer.example 80":         "0.0.0.0:0",
		" 80":                     "0.0.0.0:0",
		"192.0.2.1 0x50":          "0.0.0.0:0",
		"192.0.2.1 80]:90":        "0.0.0.0:0",
		"2001:db8::1%a b 80":      "0.0.0.0:0",
		strings.Repeat("1 ", 128): "0.0.0.0:0",
	} {
		if got := vkPeerAddress(text); got != netip.MustParseAddrPort(want) {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzPeer(f *testing.F) {
	f.Add("192.0.2.1 80")
	f.Add("2001:db8::1 1")
	f.Fuzz(func(t *testing.T, text string) {
		address := vkPeerAddress(text)
		if !address.IsValid() || address.Addr().Zone() != "" {
			t.Errorf("%q: %v", text, address)
		}
		vkSockaddr(address, syscall.AF_INET)
		vkSockaddr(address, syscall.AF_INET6)
	})
}

// FuzzPaths compares where a path leads with the cleaned text, in a tree without links.
func FuzzPaths(f *testing.F) {
	for _, seed := range []string{"/memory/../memory/file", "a/b/../../../x", "//memory//file", "/data/../etc/embedded", "../../.."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		k := vkNewKernel(16)
		k.files.build(&EnclosManifestInfo{Name: "x", Mounts: []EnclosMount{{Target: "/memory", Kind: "memory", MaxBytes: 100}}},
			[]EnclosFile{{Path: "/memory/file", Content: []byte("x")}, {Path: "/a/b/c/file", Content: []byte("y")}})
		k.files.folder = "/a/b"
		var st syscall.Stat_t
		err := k.Fstatat(vkAtCwd, path, &st, 0)
		absolute := path
		if !strings.HasPrefix(path, "/") {
			absolute = "/a/b/" + path
		}
		var clean syscall.Stat_t
		if err == nil && (k.Fstatat(vkAtCwd, filepath.Clean(absolute), &clean, 0) != nil || clean.Ino != st.Ino) {
			t.Errorf("%q is not %q", path, filepath.Clean(absolute))
		}
		if errors.Is(err, syscall.EACCES) {
			t.Errorf("%q: %v", path, err)
		}
	})
}
