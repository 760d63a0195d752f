package ecrypto

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	sdk "enclos.invalid/sdk/enclave"
)

// play gives the keys of a machine: the HMAC of a request, and of the enclave or the signer where the policy binds it.
func play(t testing.TB, enclave, signer string) {
	t.Helper()
	before := source
	t.Cleanup(func() { source = before })
	source = playedKeys(enclave, signer)
}

func playedKeys(enclave, signer string) keySource {
	again := func(keyInfo []byte) ([]byte, error) {
		request, err := sdk.ParseKeyRequest(keyInfo)
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, []byte("machine"))
		mac.Write(keyInfo)
		if request.Policy&sdk.KeyPolicyMrEnclave != 0 {
			mac.Write([]byte(enclave))
		}
		if request.Policy&sdk.KeyPolicyMrSigner != 0 {
			mac.Write([]byte(signer))
		}
		return mac.Sum(nil)[:16], nil
	}
	newKey := func(policy uint16) func() (key, keyInfo []byte, err error) {
		return func() (key, keyInfo []byte, err error) {
			request := sdk.KeyRequest{Name: sdk.KeyNameSeal, Policy: policy}
			if _, err := rand.Read(request.KeyID[:]); err != nil {
				return nil, nil, err
			}
			keyInfo = request.Encode()
			key, err = again(keyInfo)
			return key, keyInfo, err
		}
	}
	return keySource{newKey(sdk.KeyPolicyMrEnclave), newKey(sdk.KeyPolicyMrSigner), again}
}

var forms = []struct {
	name         string
	seal, unseal func(text, additionalData []byte) ([]byte, error)
	ofProduct    bool
	requests     int
}{
	{"unique", SealWithUniqueKey, Unseal, false, 1},
	{"product", SealWithProductKey, Unseal, true, 1},
	{"unique of 256 bits", SealWithUniqueKey256, Unseal256, false, 2},
	{"product of 256 bits", SealWithProductKey256, Unseal256, true, 2},
}

func TestSeal(t *testing.T) {
	text, data := []byte("a secret"), []byte("v1")
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			play(t, "a", "s")
			blob, err := form.seal(text, data)
			if err != nil {
				t.Fatal(err)
			}
			size := form.requests * 512
			if len(blob) != 4+size+12+len(text)+16 || binary.LittleEndian.Uint32(blob) != uint32(size) {
				t.Errorf("%d bytes, %d of them key information", len(blob), binary.LittleEndian.Uint32(blob))
			}
			if opened, err := form.unseal(blob, data); err != nil || !bytes.Equal(opened, text) {
				t.Errorf("opened: %q %v", opened, err)
			}
			if _, err := form.unseal(blob, nil); err == nil {
				t.Error("opened with other additional data")
			}
			for cut := range blob {
				if _, err := form.unseal(blob[:cut], data); err == nil {
					t.Fatalf("opened with %d bytes", cut)
				}
			}
			for at := 0; at < len(blob); at += 3 {
				changed := slices.Clone(blob)
				changed[at] ^= 1
				if _, err := form.unseal(changed, data); err == nil {
					t.Errorf("opened with byte %d changed", at)
				}
			}
			play(t, "b", "s")
			if _, err := form.unseal(blob, data); (err == nil) != form.ofProduct {
				t.Errorf("in another version: %v", err)
			}
			play(t, "a", "r")
			if _, err := form.unseal(blob, data); (err == nil) == form.ofProduct {
				t.Errorf("under another signer: %v", err)
			}
		})
	}
	play(t, "a", "s")
	blob, err := SealWithUniqueKey(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unseal256(blob, nil); err == nil {
		t.Error("a blob of one key, opened as one of two")
	}
}

// An enclave of another signer with the same product gets the key of a request that is bound to nothing. It could seal with it, so such a
// blob must stay closed, though its key opens it.
func TestForgery(t *testing.T) {
	unbound := (&sdk.KeyRequest{Name: sdk.KeyNameSeal}).Encode()
	key, err := playedKeys("evil", "evil").again(unbound)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := Encrypt([]byte("forged"), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	blob := append(append(binary.LittleEndian.AppendUint32(nil, 512), unbound...), sealed...)
	play(t, "a", "s")
	if _, err := Unseal(blob, nil); !errors.Is(err, &sdk.Error{Code: "SEAL_NOT_OPENED"}) {
		t.Errorf("the forged blob: %v", err)
	}
	own, err := source.again(unbound)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := Decrypt(sealed, own, nil); err != nil || string(opened) != "forged" {
		t.Errorf("without the rule it would open: %q %v", opened, err)
	}
	other := (&sdk.KeyRequest{Name: sdk.KeyNameReport, Policy: sdk.KeyPolicyMrEnclave}).Encode()
	if _, err := Unseal(append(append(binary.LittleEndian.AppendUint32(nil, 512), other...), sealed...), nil); err == nil {
		t.Error("a blob under a report key: opened")
	}
}

func TestEncrypt(t *testing.T) {
	for _, size := range []int{16, 24, 32} {
		key := bytes.Repeat([]byte{7}, size)
		sealed, err := Encrypt([]byte("text"), key, []byte("data"))
		if err != nil || len(sealed) != 12+4+16 {
			t.Fatalf("%d bytes of key: %d bytes, %v", size, len(sealed), err)
		}
		if text, err := Decrypt(sealed, key, []byte("data")); err != nil || string(text) != "text" {
			t.Errorf("%d bytes of key: %q %v", size, text, err)
		}
		if _, err := Decrypt(sealed, key, nil); err == nil {
			t.Error("without the additional data: accepted")
		}
		if _, err := Decrypt(sealed[:12], key, nil); err == nil {
			t.Error("only a nonce: accepted")
		}
	}
	if _, err := Encrypt(nil, make([]byte, 17), nil); err == nil {
		t.Error("a key of 17 bytes: accepted")
	}
	if _, err := Decrypt(make([]byte, 40), nil, nil); err == nil {
		t.Error("no key: accepted")
	}
}

func FuzzUnseal(f *testing.F) {
	play(f, "a", "s")
	for _, form := range forms {
		blob, err := form.seal([]byte("text"), nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		source = playedKeys("b", "r")
		if _, err := Unseal(blob, nil); err == nil {
			t.Error("opened a blob of another machine")
		}
		if _, err := Unseal256(blob, nil); err == nil {
			t.Error("opened a blob of another machine")
		}
	})
}
