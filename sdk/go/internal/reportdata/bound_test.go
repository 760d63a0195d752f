package reportdata

import (
	"encoding/hex"
	"testing"
)

func TestBound(t *testing.T) {
	data, ok := Bound("vault.upload.v1", make([]byte, 16), []byte("key"))
	// As boundReportData of @enclos/attestation gives it.
	const want = "72bcbba77c4157d7ed43be13e80db92cab234ee3c4242b6a19e27404f48a1845"
	if hex.EncodeToString(data[:32]) != want || !ok || data[63] != 0 {
		t.Errorf("bound to %x", data)
	}
	if without, _ := Bound("vault.upload.v1", make([]byte, 16), nil); without == data {
		t.Error("no key, and a key, have one digest")
	}
	for name, ok := range map[string]bool{
		"no purpose": second(Bound("", make([]byte, 16), nil)), "a long purpose": second(Bound(string(make([]byte, 256)), make([]byte, 16), nil)),
		"a short nonce": second(Bound("p", make([]byte, 15), nil)), "a long nonce": second(Bound("p", make([]byte, 1025), nil)),
		"a long key": second(Bound("p", make([]byte, 16), make([]byte, 65_536))),
	} {
		if ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

func second(_ [64]byte, ok bool) bool { return ok }
