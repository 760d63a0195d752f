package kernel

import (
	"os"
	"syscall"
	"testing"

	. "enclos.invalid/sdk/internal/core"
)

// A file that is open for writing is in the heap: neither an offset that a client names nor a size that the host names may fill it.
func TestFarInTheHeap(t *testing.T) {
	k, _ := newTestKernel(t)
	const far = 1 << 39
	fd := k.testOpen(t, "/endless/far", os.O_CREATE|os.O_RDWR)
	if _, err, _ := k.Pwrite(fd, []byte("x"), far); err != syscall.EFBIG {
		t.Errorf("a write: %v", err)
	}
	if err, _ := k.Ftruncate(fd, far); err != syscall.EFBIG {
		t.Errorf("a size: %v", err)
	}
	if n, err, _ := k.Pwrite(fd, []byte("x"), 1<<20); n != 1 || err != nil {
		t.Errorf("a write that the heap can hold: %d %v", n, err)
	}
	vkHostService.stat = func(string, string) (bool, int, uint64, error) { return true, EnclosKindFile, far, nil }
	if _, err := k.Openat(vkAtCwd, "/endless/large", os.O_RDWR, 0); err != syscall.EFBIG {
		t.Errorf("a size of the host: %v", err)
	}
}

func TestLonger(t *testing.T) {
	content := vkPlaceBytes(nil, []byte("abcdef"), 3)
	content = vkResize(content, 5)
	// What was cut off does not come back.
	if content = vkPlaceBytes(content, []byte("x"), 8); string(content) != "\x00\x00\x00ab\x00\x00\x00x" {
		t.Errorf("%q", content)
	}
	if content = vkPlaceBytes(content, []byte("yz"), 0); string(content[:4]) != "yz\x00a" || len(content) != 9 {
		t.Errorf("%q", content)
	}
	if far := vkPlaceBytes(content, nil, 1<<20); len(far) != 1<<20 || cap(far) > 1<<20+1<<16 {
		t.Errorf("%d bytes take %d", len(far), cap(far))
	}
}
