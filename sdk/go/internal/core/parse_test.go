package core

import (
	"bytes"
	"strings"
	"testing"
)

// putManifest writes the form of programs, as far as tests need it.
func putManifest(change func(*EnclosManifestInfo)) []byte {
	m := &EnclosManifestInfo{Name: "probe", Threads: 4, HeapBytes: 64 << 20, Network: "declared", Output: "log",
		InterfaceDigest: bytes.Repeat([]byte{7}, 32), maxFrame: 1 << 20, maxQueued: 8, maxPending: 16, maxDepth: 4}
	if change != nil {
		change(m)
	}
	index := func(text string, names ...string) byte {
		for i, name := range names {
			if name == text {
				return byte(i)
			}
		}
		return byte(len(names))
	}
	flag := func(b bool) byte {
		if b {
			return 1
		}
		return 0
	}
	b := ecPutText([]byte{ecProgramForm}, m.Name)
	b = ecPut16(ecPut16(b, m.ProductID), m.SecurityVersion)
	b = ecPut16(append(b, flag(m.Debug)), uint16(m.Threads))
	b = append(ecPut64(b, m.HeapBytes), m.InterfaceDigest...)
	b = append(b, 0, index(m.Network, "none", "declared", "any", "private"))
	b = ecPutVarint(b, uint64(len(m.Arguments)))
	for _, argument := range m.Arguments {
		b = ecPutText(b, argument)
	}
	b = append(b, index(m.Output, "none", "log"))
	b = ecPutVarint(b, uint64(len(m.Environment)))
	for _, v := range m.Environment {
		b = append(ecPutText(b, v.Name), flag(!v.FromHost))
		if !v.FromHost {
			b = ecPutText(b, v.Value)
		}
	}
	b = append(b, 0, 0)
	b = ecPutVarint(b, uint64(len(m.Listen)))
	for _, l := range m.Listen {
		b = append(ecPut16(ecPutText(b, l.Name), uint16(l.Port)), index(l.Transport, "relayed", "passed", "either"))
	}
	b = ecPutVarint(b, uint64(len(m.Connect)))
	for _, c := range m.Connect {
		b = append(ecPut16(ecPutText(ecPutText(b, c.Name), c.Host), uint16(c.Port)), index(c.Transport, "relayed", "passed", "either"))
	}
	b = ecPut32(b, uint32(m.maxFrame))
	return ecPut16(ecPut16(ecPut16(b, uint16(m.maxQueued)), uint16(m.maxPending)), uint16(m.maxDepth))
}

func fullManifest(m *EnclosManifestInfo) {
	m.Debug = true
	m.Arguments = []string{"-v", ""}
	m.Environment = []EnclosVariable{{Name: "A", Value: "1"}, {Name: "B", FromHost: true}}
	m.Listen = []EnclosListener{{"in", 8443, "either"}}
	m.Connect = []EnclosDestination{{"out", "peer.example", 443, "passed"}}
}

func TestManifest(t *testing.T) {
	m, err := EnclosReadManifest(putManifest(fullManifest))
	if err != nil || m.Name != "probe" || !m.Debug || m.Arguments[0] != "-v" || m.Environment[0].Value != "1" ||
		!m.Environment[1].FromHost || m.Listen[0].Port != 8443 || m.Connect[0].Transport != "passed" || m.maxDepth != 4 {
		t.Fatal(m, err)
	}
	whole := putManifest(fullManifest)
	for size := range whole {
		_, err := EnclosReadManifest(whole[:size])
		wantCode(t, err, "MANIFEST_INVALID")
	}
	for _, b := range [][]byte{append(whole, 0), append([]byte{0}, whole[1:]...), putManifest(func(m *EnclosManifestInfo) { m.Network = "x" }),
		putManifest(func(m *EnclosManifestInfo) { m.maxFrame = 1 << 18 }), putManifest(func(m *EnclosManifestInfo) { m.maxDepth = 65 }),
		putManifest(func(m *EnclosManifestInfo) { m.Threads = 0 }), putManifest(func(m *EnclosManifestInfo) { m.Name = "\xff" }),
		putManifest(func(m *EnclosManifestInfo) { m.Arguments = make([]string, 65) })} {
		_, err := EnclosReadManifest(b)
		wantCode(t, err, "MANIFEST_INVALID")
	}
}

func putFiles(files ...EnclosFile) []byte {
	b := ecPut32(nil, uint32(len(files)))
	for _, file := range files {
		b = append(ecPut16(b, uint16(len(file.Path))), file.Path...)
		b = append(ecPut32(b, uint32(len(file.Content))), file.Content...)
	}
	return b
}

func TestFiles(t *testing.T) {
	files, err := EnclosReadFiles(putFiles(EnclosFile{"/a/b", []byte("x")}, EnclosFile{"/é", nil}))
	if err != nil || len(files) != 2 || string(files[0].Content) != "x" {
		t.Fatal(files, err)
	}
	for _, path := range []string{"", "/", "a", "/a/", "//a", "/a//b", "/.", "/..", "/a/../b", "/a\n", "/\xff", "/" + strings.Repeat("a", 1024)} {
		_, err := EnclosReadFiles(putFiles(EnclosFile{path, nil}))
		wantCode(t, err, "IMAGE_INVALID")
	}
	_, err = EnclosReadFiles(putFiles(EnclosFile{"/a", nil}, EnclosFile{"/a", nil}))
	wantCode(t, err, "IMAGE_INVALID")
	_, err = EnclosReadFiles(ecPut32(nil, ecMaxFiles+1))
	wantCode(t, err, "IMAGE_INVALID")
	_, err = EnclosReadFiles(append(putFiles(), 0))
	wantCode(t, err, "IMAGE_INVALID")
	_, err = EnclosReadFiles([]byte{1, 0, 0, 0, 2, 0, '/', 'a', 0xff, 0xff, 0xff, 0xff})
	wantCode(t, err, "IMAGE_INVALID")
}

func putStart(level int, variables ...[2]string) []byte {
	b := ecPutVarint(nil, uint64(len(variables)))
	for _, v := range variables {
		b = ecPutText(ecPutText(b, v[0]), v[1])
	}
	if level < 0 {
		return append(b, 0)
	}
	return append(b, 1, byte(level))
}

func TestStart(t *testing.T) {
	m := &EnclosManifestInfo{Environment: []EnclosVariable{{Name: "A", Value: "1"}, {Name: "B", FromHost: true}, {Name: "C", FromHost: true}}}
	variables, level, err := ecReadStart(putStart(1, [2]string{"C", "x"}), m)
	if err != nil || level != 1 || len(variables) != 1 || variables[0][1] != "x" {
		t.Fatal(variables, level, err)
	}
	for _, variables := range [][][2]string{{{"A", "2"}}, {{"D", ""}}, {{"B", ""}, {"B", ""}}} {
		_, _, err := ecReadStart(putStart(-1, variables...), m)
		wantCode(t, err, "ENCLAVE_VARIABLE_NOT_DECLARED")
	}
	for _, b := range [][]byte{nil, {0}, {0, 2}, {0, 1, 5}, {0, 0, 0}, {0x80, 0x80, 0}, putStart(-1, [2]string{"B", "a\x00"})} {
		_, _, err := ecReadStart(b, m)
		wantCode(t, err, "EDL_VALUE_REFUSED")
	}
}

func TestStartWithVariablesThatBeginSo(t *testing.T) {
	m := &EnclosManifestInfo{Environment: []EnclosVariable{{Name: "EDG_*", FromHost: true}, {Name: "EDG_FIXED", Value: "1"},
		{Name: "OPEN", FromHost: true}, {Name: "OE_*", Value: "1"}}}
	given := [][2]string{{"EDG_A", "1"}, {"OPEN", "2"}, {"EDG_B", "3"}}
	variables, _, err := ecReadStart(putStart(-1, given...), m)
	if err != nil || len(variables) != len(given) {
		t.Fatal(variables, err)
	}
	for _, name := range []string{"EDG_", "EDG_*", "EDG_FIXED", "EDG_A=B", "EDG_A B", "EDG", "edg_a", "X", "OE_A", "*"} {
		_, _, err := ecReadStart(putStart(-1, [2]string{name, ""}), m)
		wantCode(t, err, "ENCLAVE_VARIABLE_NOT_DECLARED")
	}
	_, _, err = ecReadStart(putStart(-1, [2]string{"EDG_A", ""}, [2]string{"EDG_A", ""}), m)
	wantCode(t, err, "ENCLAVE_VARIABLE_NOT_DECLARED")
}

func TestGateHello(t *testing.T) {
	digest := bytes.Repeat([]byte{7}, 32)
	if err := ecCheckGateHello(ecPutGateHello("host", digest), digest); err != nil {
		t.Fatal(err)
	}
	wantCode(t, ecCheckGateHello(ecPutGateHello("host", make([]byte, 32)), digest), "HOST_INTERFACE_MISMATCH")
	wantCode(t, ecCheckGateHello(append([]byte{2}, ecPutGateHello("host", digest)[1:]...), digest), "TEE_PROTOCOL_MISMATCH")
	wantCode(t, ecCheckGateHello(append(ecPutGateHello("host", digest), 0), digest), "EDL_VALUE_REFUSED")
}

func TestTexts(t *testing.T) {
	if cut := ecCut("aé€𝄞", 5); cut != "aé" {
		t.Errorf("%q", cut)
	}
	if cut := ecCut("a\xffb", 10); cut != "a\ufffdb" {
		t.Errorf("%q", cut)
	}
	safe, err := ecSafeText([]byte("a\x00b\u202ec\u2028d\n\t\u00a0"))
	if err != nil || safe != "a\ufffdb\ufffdc\ufffdd\n\t\u00a0" {
		t.Errorf("%q %v", safe, err)
	}
	if _, err := ecSafeText([]byte("\xc0\x80")); codeOf(err) != "GATE_PROTOCOL_VIOLATION" {
		t.Error(err)
	}
	line, err := ecSafeLine([]byte("a\nb\rc\r\nd\u0085e\u2029f\v\fg\th"))
	if err != nil || line != "a⏎b⏎c⏎d⏎e⏎f⏎⏎g h" {
		t.Errorf("%q %v", line, err)
	}
	for _, b := range []string{"", "\x01", "\x41\x00" + strings.Repeat("A", 65), "\x05\x00ABC", "\x01\x00a", "\x00\x00",
		"\x01\x00A" + strings.Repeat("m", 4097), "\x01\x00A\xff"} {
		if _, violation := ecReadThrow([]byte(b), ecFromHost); violation == nil {
			t.Errorf("%q was taken", b)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add(putManifest(nil))
	f.Add(putManifest(fullManifest))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := EnclosReadManifest(b); (err == nil) == (m == nil) {
			t.Fatal(m, err)
		}
	})
}

func FuzzFiles(f *testing.F) {
	f.Add(putFiles(EnclosFile{"/a/b", []byte("x")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := EnclosReadFiles(b)
		if err == nil && !bytes.Equal(putFiles(files...), b) {
			t.Fatal("two forms of the same files")
		}
	})
}

func FuzzStart(f *testing.F) {
	m := &EnclosManifestInfo{Environment: []EnclosVariable{{Name: "B", FromHost: true}}}
	f.Add(putStart(3, [2]string{"B", "x"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		variables, level, err := ecReadStart(b, m)
		if err == nil && !bytes.Equal(putStart(level, variables...), b) {
			t.Fatal("two forms of the same start")
		}
	})
}

func FuzzThrow(f *testing.F) {
	f.Add(ecThrowPayload("GATE_BUSY", "wait"))
	f.Fuzz(func(t *testing.T, b []byte) {
		thrown, violation := ecReadThrow(b, ecFromHost)
		if (thrown == nil) == (violation == nil) {
			t.Fatal(thrown, violation)
		}
	})
}

func FuzzLogLine(f *testing.F) {
	f.Add([]byte("a\r\nb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if line, err := ecSafeLine(b); err == nil && strings.ContainsAny(line, "\r\n\v\f\x1b\u0085\u2028\u2029") {
			t.Fatalf("%q", line)
		}
	})
}
