package kernel

import (
	"bytes"
	"io"
	"math/rand"
	"net/netip"
	"syscall"
	"testing"
	"time"

	. "enclos.invalid/sdk/internal/core"
)

// TestPipeAgainstAModel writes and reads pieces of any size, and compares with a buffer.
func TestPipeAgainstAModel(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	for round := 0; round < 200; round++ {
		p := new(vkPipe)
		var model bytes.Buffer
		wakes := 0
		p.reader, p.writer = func() { wakes++ }, func() { wakes++ }
		for step := 0; step < 300; step++ {
			piece := make([]byte, random.Intn(1<<uint(random.Intn(18))))
			if random.Intn(2) == 0 {
				random.Read(piece)
				n, err := p.write(piece)
				if room := vkPipeBytes - model.Len(); err == syscall.EAGAIN && (room > 0 || len(piece) == 0) || err == nil && n != min(len(piece), room) {
					t.Fatalf("wrote %d of %d into %d: %v", n, len(piece), room, err)
				}
				model.Write(piece[:max(n, 0)])
				continue
			}
			n, err := p.read(piece)
			if err == syscall.EAGAIN {
				if model.Len() > 0 {
					t.Fatal("nothing, where something is")
				}
				continue
			}
			want := make([]byte, len(piece))
			m, _ := model.Read(want)
			if err != nil || n != m || !bytes.Equal(piece[:n], want[:m]) {
				t.Fatalf("read %d, want %d: %v", n, m, err)
			}
		}
	}
}

func TestPipeEnds(t *testing.T) {
	a, b := vkPair()
	a.TryWrite([]byte("last"))
	a.CloseWrite()
	if _, err := a.TryWrite([]byte("x")); err != syscall.EPIPE {
		t.Error(err)
	}
	got := make([]byte, 8)
	if n, err := b.TryRead(got); n != 4 || err != nil {
		t.Error(n, err)
	}
	if _, err := b.TryRead(got); err != io.EOF {
		t.Error(err)
	}
	if _, err := b.TryWrite([]byte("back")); err != nil {
		t.Error(err)
	}
	a.Close()
	if _, err := b.TryWrite([]byte("x")); err != syscall.EPIPE {
		t.Error(err)
	}
}

// TestWakeIsAnEdge: a waiter in blocking mode goes on when bytes come, and when the other end closes.
func TestWakeIsAnEdge(t *testing.T) {
	k := vkNewKernel(1024)
	var ends [2]int
	if err := k.Pipe(&ends, 0); err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 2)
	go func() {
		for {
			n, _, _ := k.Read(ends[0], make([]byte, 8))
			got <- n
			if n <= 0 {
				return
			}
		}
	}()
	k.Write(ends[1], []byte("abc"))
	if n := <-got; n != 3 {
		t.Error(n)
	}
	k.Close(ends[1])
	if n := <-got; n != 0 {
		t.Error(n)
	}
	k.Close(ends[0])
}

func TestDialThatIsGivenUp(t *testing.T) {
	k := vkNewKernel(1024)
	fd, err := k.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close(fd)
	s, _ := k.socketOf(fd)
	to := netip.MustParseAddrPort("198.18.1.0:80")
	answer := make(chan error)
	done := make(chan struct{})
	close(done)
	late := func() (*EnclosStream, error) { return nil, <-answer }
	if _, err := k.dialOut(fd, s, to, late, done); err != syscall.ECANCELED {
		t.Error(err)
	}
	answer <- syscall.EIO
	for code, want := range map[string]error{"STREAM_LIMIT": syscall.EMFILE, "STREAM_CONNECT_FAILED": syscall.ECONNREFUSED} {
		fails := func() (*EnclosStream, error) { return nil, &EnclosError{Code: code} }
		if _, err := k.dialOut(fd, s, to, fails, nil); err != want {
			t.Error(code, err)
		}
	}
}

func TestSocketsThatDoNotExist(t *testing.T) {
	k := vkNewKernel(1024)
	for _, c := range [][3]int{
		{syscall.AF_UNIX, syscall.SOCK_STREAM, 0}, {syscall.AF_INET, syscall.SOCK_DGRAM, 0}, {syscall.AF_INET6, syscall.SOCK_RAW, 1},
		{syscall.AF_NETLINK, syscall.SOCK_RAW, 0}, {syscall.AF_PACKET, syscall.SOCK_RAW, 0},
	} {
		if _, err := k.Socket(c[0], c[1], c[2]); err != syscall.EPERM {
			t.Error(c, err)
		}
	}
	if _, err := k.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 262); err != syscall.EPROTONOSUPPORT {
		t.Error(err)
	}
}

func TestDescriptorsOfTheEnclaveStayOpen(t *testing.T) {
	k := vkNewKernel(16)
	k.hasPassage = true
	for _, fd := range []int{vkGate, vkPlatform, vkPassage, vkFirstFile} {
		if err, ours := k.Close(fd); err != syscall.EBADF || !ours {
			t.Error(fd, err)
		}
	}
	if _, ours := k.Close(5); ours {
		t.Error("5 is the machine's")
	}
}

func TestAddressesOfNames(t *testing.T) {
	seen := map[[4]byte]bool{}
	prefix := netip.MustParsePrefix("198.18.0.0/15")
	for i := 0; i < vkMostNames; i++ {
		address := vkNameAddress(i)
		if seen[address] || !prefix.Contains(netip.AddrFrom4(address)) || netip.AddrFrom4(address) == vkOwn {
			t.Fatal(i, address)
		}
		seen[address] = true
	}
}

func TestDeclaredHosts(t *testing.T) {
	for _, c := range []struct {
		declared, dialled string
		is                bool
	}{
		{"Peer.example.", "peer.example", true},
		{"peer.example", "other.example", false},
		{"::ffff:203.0.113.9", "203.0.113.9", true},
		{"203.0.113.9", "203.0.113.8", false},
		// A program that dials a name which it declares gets here by the address of the name.
		{"localhost", "127.0.0.1", true},
		{"LocalHost", "::1", true},
		{"localhost", "203.0.113.9", false},
		{"127.0.0.1", "127.0.0.2", false},
	} {
		if vkIsHost(c.declared, c.dialled) != c.is {
			t.Errorf("%s declared, %s dialled: %v", c.declared, c.dialled, !c.is)
		}
	}
}

func TestLinesAreCut(t *testing.T) {
	l := &vkLines{}
	l.write(bytes.Repeat([]byte("x"), 3*vkLineBytes+5))
	if len(l.part) != 5 {
		t.Error(len(l.part))
	}
	l.write([]byte("\n\nlast"))
	if string(l.part) != "last" {
		t.Errorf("%q", l.part)
	}
}

func TestSleepersDoNotStopTheClock(t *testing.T) {
	// An event that is removed while a waiter waits lets the waiter go.
	e := &vkEvents{}
	number, err := e.add()
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	turn := e.now()
	go func() { e.waitPast(turn); close(gone) }()
	e.remove(number)
	e.wake()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits")
	}
}
