package enclave

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if !errors.Is(err, &Error{Code: code}) {
		t.Fatalf("%v instead of %s", err, code)
	}
}

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 4493, section 4: example 2 (16 bytes) and example 4 (64 bytes).
func TestCMAC(t *testing.T) {
	key := fromHex(t, "2b7e1516 28aed2a6 abf71588 09cf4f3c")
	message := fromHex(t, "6bc1bee2 2e409f96 e93d7e11 7393172a ae2d8a57 1e03ac9c 9eb76fac 45af8e51"+
		"30c81c46 a35ce411 e5fbc119 1a0a52ef f69f2445 df4f9b17 ad2b417b e66c3710")
	for size, want := range map[int]string{16: "070a16b46b4d4144f79bdd9dd04a287c", 64: "51f0bebf7e3b9d92fc49741779363cfe"} {
		mac, err := cmac(key, message[:size])
		if err != nil || hex.EncodeToString(mac) != want {
			t.Errorf("%x %v", mac, err)
		}
	}
}

// RFC 5869, appendix A.1 and A.3: the first 32 bytes of their output.
func TestHKDF(t *testing.T) {
	secret := bytes.Repeat([]byte{0x0b}, 22)
	first := hkdf(secret, fromHex(t, "000102030405060708090a0b0c"), string(fromHex(t, "f0f1f2f3f4f5f6f7f8f9")))
	if hex.EncodeToString(first) != "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf" {
		t.Errorf("%x", first)
	}
	third := hkdf(secret, nil, "")
	if hex.EncodeToString(third) != "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d" {
		t.Errorf("%x", third)
	}
}

// The results of @enclos/attestation for the same inputs.
func TestBoundReportData(t *testing.T) {
	nonce := make([]byte, 32)
	for i := range nonce {
		nonce[i] = byte(i)
	}
	for want, key := range map[string][]byte{
		"8752c833d6199a85d88fe6668e741d571597d3dc76c0a97bea9170ac796236e8": nil,
		"4f5e1eefcba1c893a6e4d2fd93697887cac5400eba02d731dddef68fab94abf1": {4, 5},
	} {
		data, err := BoundReportData(QuoteRequest{Purpose: "probe.v1", Nonce: nonce, Key: key})
		if err != nil || hex.EncodeToString(data[:32]) != want || !bytes.Equal(data[32:], make([]byte, 32)) {
			t.Errorf("%x %v", data, err)
		}
	}
	for _, request := range []QuoteRequest{
		{Nonce: nonce}, {Purpose: strings.Repeat("p", 256), Nonce: nonce}, {Purpose: "p", Nonce: nonce[:15]},
		{Purpose: "p", Nonce: make([]byte, 1025)}, {Purpose: "p", Nonce: nonce, Key: make([]byte, 65536)},
	} {
		_, err := BoundReportData(request)
		wantCode(t, err, "VERIFIER_MISUSED")
	}
}

func sampleRequest() *KeyRequest {
	request := &KeyRequest{Name: KeyNameSeal, Policy: KeyPolicyMrSigner, SecurityVersion: 3, AttributeMask: sealAttributeMask, XFRMMask: 7,
		MiscMask: sealMiscMask, ConfigSVN: 9}
	request.CPUSVN[0], request.CPUSVN[15] = 1, 2
	request.KeyID[0], request.KeyID[31] = 3, 4
	return request
}

func TestKeyRequest(t *testing.T) {
	b := sampleRequest().Encode()
	request, err := ParseKeyRequest(b)
	if err != nil || *request != *sampleRequest() {
		t.Fatal(request, err)
	}
	_, err = ParseKeyRequest(b[:511])
	wantCode(t, err, "SGX_STRUCTURE_INVALID")
	for _, at := range []int{6, 7, 78, 511, 3} {
		changed := append([]byte{}, b...)
		changed[at] |= 0x80
		_, err := ParseKeyRequest(changed)
		wantCode(t, err, "SGX_RESERVED_NOT_ZERO")
	}
}

func TestReport(t *testing.T) {
	b := make([]byte, ReportSize)
	for at, value := range map[int]byte{0: 1, 16: 2, 32: 3, 48: 7, 56: 5, 64: 6, 128: 7, 192: 8, 256: 9, 258: 10, 260: 11, 304: 12, 320: 13} {
		b[at] = value
	}
	i, err := ParseReport(b)
	if err != nil || i.CPUSVN[0] != 1 || i.MiscSelect != 2 || i.ExtProductID[0] != 3 || !i.Debug() || i.XFRM != 5 || i.MrEnclave[0] != 6 ||
		i.MrSigner[0] != 7 || i.ConfigID[0] != 8 || i.ProductID != 9 || i.SecurityVersion != 10 || i.ConfigSVN != 11 || i.FamilyID[0] != 12 ||
		i.ReportData[0] != 13 {
		t.Fatal(i, err)
	}
	target := i.TargetInfo()
	if len(target) != TargetInfoSize || target[0] != 6 || target[32] != 7 || target[40] != 5 || target[50] != 11 || target[52] != 2 || target[64] != 8 {
		t.Fatal(target)
	}
	_, err = ParseReport(b[1:])
	wantCode(t, err, "SGX_STRUCTURE_INVALID")
	for _, at := range []int{20, 31, 96, 127, 160, 191, 262, 303} {
		changed := append([]byte{}, b...)
		changed[at] = 1
		_, err := ParseReport(changed)
		wantCode(t, err, "SGX_RESERVED_NOT_ZERO")
	}
}

func sampleBlob() []byte {
	blob := append([]byte(sealMagic+"\x01\x00\x01\x00"), sampleRequest().Encode()...)
	blob = append(blob, make([]byte, sealNonceSize)...)
	return append(append(blob, 2, 0, 0, 0), make([]byte, 2+sealTagSize)...)
}

func TestSealedBlob(t *testing.T) {
	blob := sampleBlob()
	request, nonce, sealed, err := parseSealed(blob)
	if err != nil || *request != *sampleRequest() || len(nonce) != sealNonceSize || len(sealed) != 2+sealTagSize {
		t.Fatal(err)
	}
	for size := range blob {
		_, _, _, err := parseSealed(blob[:size])
		wantCode(t, err, "SEAL_NOT_OPENED")
	}
	for _, changed := range [][]byte{append(blob, 0), append([]byte("X"), blob[1:]...)} {
		_, _, _, err := parseSealed(changed)
		wantCode(t, err, "SEAL_NOT_OPENED")
	}
	for _, at := range []int{8, 9, 10, 11, 18, sealHeaderSize, sealHeaderSize + 3} {
		changed := append([]byte{}, blob...)
		changed[at] ^= 0x80
		_, _, _, err := parseSealed(changed)
		wantCode(t, err, "SEAL_NOT_OPENED")
	}
}

func TestOutsideAnEnclave(t *testing.T) {
	if Inside() {
		t.Skip("the tests run inside an enclave")
	}
	_, err := Seal(nil, SealOptions{Policy: PolicyEnclave})
	wantCode(t, err, "ENCLAVE_NOT_BOOTED")
	_, err = Listen("api")
	wantCode(t, err, "ENCLAVE_NOT_BOOTED")
	wantCode(t, Handle(Interface{}), "ENCLAVE_NOT_BOOTED")
	Log(LevelInfo, "goes nowhere")
}

func FuzzReport(f *testing.F) {
	f.Add(make([]byte, ReportSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		if i, err := ParseReport(b); err == nil && len(i.TargetInfo()) != TargetInfoSize {
			t.Fatal("a target of another size")
		}
	})
}

func FuzzKeyRequest(f *testing.F) {
	f.Add(sampleRequest().Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if request, err := ParseKeyRequest(b); err == nil && !bytes.Equal(request.Encode(), b) {
			t.Fatal("two forms of one request")
		}
	})
}

func FuzzSealedBlob(f *testing.F) {
	f.Add(sampleBlob())
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, nonce, sealed, err := parseSealed(b); err == nil && len(nonce)+len(sealed)+sealHeaderSize-sealNonceSize+4 != len(b) {
			t.Fatal("bytes are left over")
		}
	})
}
