package der

import (
	"bytes"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
)

// Three certificates of a PCK chain are under 4 KiB.
const mostPEMBytes = 32_768

// strictBlock is one block with nothing but line breaks around it (RFC 7468).
var strictBlock = regexp.MustCompile(
	`^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----[\r\n]*`)

var lineBreaks = strings.NewReplacer("\r", "", "\n", "")

var errNotPEM = errors.New("not a PEM text of certificates")

// CertificatesOfPEM returns the DER of the certificates in a PEM text, in order. Nothing else may be in it but line breaks, and NULs
// at its end: quotes carry a C string.
func CertificatesOfPEM(text []byte) ([][]byte, error) {
	if len(text) > mostPEMBytes {
		return nil, errors.New("a PEM text that is too long")
	}
	left := bytes.TrimLeft(bytes.TrimRight(text, "\x00"), "\r\n")
	var found [][]byte
	for len(left) > 0 || found == nil {
		match := strictBlock.FindSubmatchIndex(left)
		if match == nil {
			return nil, errNotPEM
		}
		der, err := base64.StdEncoding.Strict().DecodeString(lineBreaks.Replace(string(left[match[2]:match[3]])))
		if err != nil || len(der) == 0 {
			return nil, errNotPEM
		}
		found = append(found, der)
		left = left[match[1]:]
	}
	return found, nil
}

// ParseChain parses the certificates of a PEM text, leaf first.
func ParseChain(text []byte) ([]*Certificate, error) {
	encoded, err := CertificatesOfPEM(text)
	if err != nil {
		return nil, err
	}
	chain := make([]*Certificate, len(encoded))
	for i, one := range encoded {
		if chain[i], err = ParseCertificate(one); err != nil {
			return nil, err
		}
	}
	return leafFirst(chain), nil
}

// IsNamedIssuer tells whether the certificate names itself as the issuer of what has this issuer: raw bytes, as QVL compares them.
func (c *Certificate) IsNamedIssuer(issuer Name) bool {
	return bytes.Equal(issuer.Encoded, c.Subject.Encoded)
}

// leafFirst orders a chain of at most three by its names, as QVL finds them (CertificateChain::parse): some quotes carry the root in
// the second place. Names prove nothing. The chain stays as it was when names do not tell exactly one order.
func leafFirst(chain []*Certificate) []*Certificate {
	if len(chain) > 3 {
		return chain
	}
	issuers := issuedBy(chain, nil)
	var ordered []*Certificate
	for left := chain; ; {
		if len(issuers) != 1 {
			return chain
		}
		issuer := issuers[0]
		ordered = append([]*Certificate{issuer}, ordered...)
		var rest []*Certificate
		for _, one := range left {
			if one != issuer {
				rest = append(rest, one)
			}
		}
		if left = rest; len(left) == 0 {
			return ordered
		}
		issuers = issuedBy(left, issuer)
	}
}

// issuedBy returns those that name the issuer, or themselves when it is nil.
func issuedBy(chain []*Certificate, issuer *Certificate) (found []*Certificate) {
	for _, one := range chain {
		if issuer == nil && one.IsNamedIssuer(one.Issuer) || issuer != nil && issuer.IsNamedIssuer(one.Issuer) {
			found = append(found, one)
		}
	}
	return found
}
