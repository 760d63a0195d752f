package ecrypto

import (
	"encoding/binary"
	"errors"

	sdk "enclos.invalid/sdk/enclave"
	"github.com/edgelesssys/ego/enclave"
)

// A blob is the length of the key information (u32, little-endian), one or two key requests of 512 bytes, and what Encrypt makes.
const lengthSize = 4

// keySource is where keys come from; tests play it.
type keySource struct {
	unique, product func() (key, keyInfo []byte, err error)
	again           func(keyInfo []byte) ([]byte, error)
}

var source = keySource{enclave.GetRandomUniqueSealKey, enclave.GetRandomProductSealKey, enclave.GetSealKey}

// SealWithUniqueKey seals for this version of this enclave, on this machine: AES-128-GCM under a new key. Sealing does not promise
// freshness: the host can return an older blob.
func SealWithUniqueKey(plaintext []byte, additionalData []byte) ([]byte, error) {
	return seal(plaintext, additionalData, source.unique, 1)
}

// SealWithProductKey seals for each version of the product, of this signer and from this security version on.
func SealWithProductKey(plaintext []byte, additionalData []byte) ([]byte, error) {
	return seal(plaintext, additionalData, source.product, 1)
}

// SealWithUniqueKey256 does the same as SealWithUniqueKey with AES-256-GCM, under two new keys in a row.
func SealWithUniqueKey256(plaintext []byte, additionalData []byte) ([]byte, error) {
	return seal(plaintext, additionalData, source.unique, 2)
}

// SealWithProductKey256 does the same as SealWithProductKey with AES-256-GCM, under two new keys in a row.
func SealWithProductKey256(plaintext []byte, additionalData []byte) ([]byte, error) {
	return seal(plaintext, additionalData, source.product, 2)
}

// Unseal opens a blob of SealWithUniqueKey or SealWithProductKey. It says that an enclave of this identity, or of this signer and product,
// made the blob; not that it is the latest one.
func Unseal(ciphertext []byte, additionalData []byte) ([]byte, error) {
	return unseal(ciphertext, additionalData, 1)
}

// Unseal256 opens a blob of SealWithUniqueKey256 or SealWithProductKey256.
func Unseal256(ciphertext []byte, additionalData []byte) ([]byte, error) {
	return unseal(ciphertext, additionalData, 2)
}

func seal(plaintext, additionalData []byte, newKey func() (key, keyInfo []byte, err error), count int) ([]byte, error) {
	var key, keyInfo []byte
	for i := 0; i < count; i++ {
		part, info, err := newKey()
		if err != nil {
			return nil, err
		}
		key, keyInfo = append(key, part...), append(keyInfo, info...)
	}
	sealed, err := Encrypt(plaintext, key, additionalData)
	if err != nil {
		return nil, err
	}
	blob := binary.LittleEndian.AppendUint32(make([]byte, 0, lengthSize+len(keyInfo)+len(sealed)), uint32(len(keyInfo)))
	return append(append(blob, keyInfo...), sealed...), nil
}

func unseal(blob, additionalData []byte, count int) ([]byte, error) {
	size := count * sdk.KeyRequestSize
	if len(blob) <= lengthSize+size {
		return nil, errShort
	}
	if uint64(binary.LittleEndian.Uint32(blob)) != uint64(size) {
		return nil, errors.New("the key information in the ciphertext has another length")
	}
	keyInfo, sealed := blob[lengthSize:lengthSize+size], blob[lengthSize+size:]
	var key []byte
	for ; len(keyInfo) > 0; keyInfo = keyInfo[sdk.KeyRequestSize:] {
		one := keyInfo[:sdk.KeyRequestSize]
		if err := checkRequest(one); err != nil {
			return nil, err
		}
		part, err := source.again(one)
		if err != nil {
			return nil, err
		}
		key = append(key, part...)
	}
	return Decrypt(sealed, key, additionalData)
}

// checkRequest: the request comes with the blob, from the host. A key that is bound to neither the enclave nor its signer is one that any
// enclave of the product gets, and could have sealed with.
func checkRequest(keyInfo []byte) error {
	request, err := sdk.ParseKeyRequest(keyInfo)
	if err != nil {
		return err
	}
	if request.Name != sdk.KeyNameSeal || request.Policy&(sdk.KeyPolicyMrEnclave|sdk.KeyPolicyMrSigner) == 0 {
		return &sdk.Error{Code: "SEAL_NOT_OPENED", Message: "The key of the sealed blob is not bound to this enclave or its signer."}
	}
	return nil
}
