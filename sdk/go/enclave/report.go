package enclave

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"sync"

	"enclos.invalid/sdk/internal/core"
	"enclos.invalid/sdk/internal/link"
)

var own struct {
	sync.Mutex
	identity *Identity
}

// ReadIdentity returns the identity of this enclave. It cannot change while the enclave is loaded.
func ReadIdentity() (*Identity, error) {
	own.Lock()
	defer own.Unlock()
	if own.identity == nil {
		report, err := CreateReport(make([]byte, TargetInfoSize), make([]byte, ReportDataSize))
		if err != nil {
			return nil, err
		}
		if own.identity, err = ParseReport(report); err != nil {
			return nil, err
		}
	}
	identity := *own.identity
	return &identity, nil
}

// TargetInfo returns the TARGETINFO that another enclave of this machine needs to make a report for this one, 512 bytes.
func TargetInfo() ([]byte, error) {
	identity, err := ReadIdentity()
	if err != nil {
		return nil, err
	}
	return identity.TargetInfo(), nil
}

// CreateReport proves the identity of this enclave to one other enclave on the same machine (EREPORT).
//
// target is the other enclave's [TargetInfo], 512 bytes, and reportData 64 bytes that it expects: hash its challenge into them. The
// result is REPORT, 432 bytes.
func CreateReport(target, reportData []byte) ([]byte, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	if len(target) != TargetInfoSize || len(reportData) != ReportDataSize {
		return nil, &Error{Code: "CODEC_OUT_OF_RANGE", Message: "A target is 512 bytes, and report data are 64."}
	}
	return link.Platform(core.EnclosPlatformReport, append(append(make([]byte, 0, TargetInfoSize+ReportDataSize), target...), reportData...))
}

// Key derives a key of this enclave (EGETKEY), 16 bytes. KEY_SVN_TOO_NEW and KEY_CPUSVN_TOO_NEW are for a request that is ahead of
// this enclave or its platform, KEY_NOT_PERMITTED for one that its attributes do not allow.
func Key(request *KeyRequest) ([]byte, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	return link.Platform(core.EnclosPlatformKey, request.Encode())
}

// VerifyReport verifies a report that another enclave of this machine made for this one, and returns the identity of that enclave.
//
// The expected report data are an argument on purpose: without a fresh challenge in them a report can be replayed. A production
// enclave does not accept the report of a debug enclave. The report proves the identity of the other enclave, not that it is the
// right one: compare MrEnclave, or MrSigner with product and security version. REPORT_NOT_VERIFIED is for every report that does
// not hold.
func VerifyReport(report, expectedReportData []byte) (*Identity, error) {
	identity, err := AuthenticateReport(report)
	if err != nil {
		return nil, err
	}
	own, err := ReadIdentity()
	if err != nil {
		return nil, err
	}
	isFresh := subtle.ConstantTimeCompare(identity.ReportData[:], expectedReportData) == 1
	if !isFresh || (identity.Debug() && !own.Debug()) {
		return nil, reportRefused()
	}
	return identity, nil
}

// AuthenticateReport does less than [VerifyReport]: it finds out only that an enclave of this machine made the report for this one. The
// report data, which may be those of an older report, and whether a debug enclave is good enough are then for the caller to check.
// REPORT_NOT_VERIFIED is for every report that does not hold.
func AuthenticateReport(report []byte) (*Identity, error) {
	own, err := ReadIdentity()
	if err != nil {
		return nil, err
	}
	identity, err := ParseReport(report)
	if err != nil {
		return nil, reportRefused()
	}
	request := &KeyRequest{Name: KeyNameReport, CPUSVN: own.CPUSVN}
	copy(request.KeyID[:], report[bodySize:])
	key, err := Key(request)
	if err != nil {
		return nil, err
	}
	mac, err := cmac(key, report[:bodySize])
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(mac, report[bodySize+32:]) != 1 {
		return nil, reportRefused()
	}
	return identity, nil
}

func reportRefused() error {
	return &Error{Code: "REPORT_NOT_VERIFIED", Message: "The local report is for another enclave, or carries other report data."}
}

// cmac is AES-128-CMAC (RFC 4493) of a message of whole blocks, as the MAC of a report is (SDM vol. 3D, EREPORT).
func cmac(key, message []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	subkey := make([]byte, aes.BlockSize)
	block.Encrypt(subkey, subkey)
	double(subkey)
	blocks := append([]byte(nil), message...)
	last := blocks[len(blocks)-aes.BlockSize:]
	subtle.XORBytes(last, last, subkey)
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(blocks, blocks)
	return last, nil
}

// double in GF(2^128) (RFC 4493, section 2.3), without a branch on the secret.
func double(b []byte) {
	carry := byte(0)
	for i := len(b) - 1; i >= 0; i-- {
		next := b[i] >> 7
		b[i] = b[i]<<1 | carry
		carry = next
	}
	b[len(b)-1] ^= 0x87 & -carry
}
