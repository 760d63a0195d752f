// Package ecrypto encrypts data, and seals them: encrypts them with a key that only this enclave gets, or its product.
package ecrypto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
)

var errShort = errors.New("the ciphertext is too short")

// Encrypt encrypts with AES-GCM under a key of 16, 24 or 32 bytes: a random nonce of 12 bytes, then the ciphertext with its tag.
// additionalData are authenticated, and not in the result. Encrypt at most 2^32 messages under one key.
func Encrypt(plaintext []byte, key []byte, additionalData []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plaintext)+aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, plaintext, additionalData), nil
}

// Decrypt decrypts what Encrypt made with the same key and additionalData.
func Decrypt(ciphertext []byte, key []byte, additionalData []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	if len(ciphertext) <= aead.NonceSize() {
		return nil, errShort
	}
	nonce, sealed := ciphertext[:aead.NonceSize()], ciphertext[aead.NonceSize():]
	return aead.Open(nil, nonce, sealed, additionalData)
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
