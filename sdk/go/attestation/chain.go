package attestation

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"enclos.invalid/sdk/internal/der"
)

// pckChain is the chain of a PCK certificate up to a root that the caller trusts.
type pckChain struct {
	pck, intermediate, root *der.Certificate
	trusted                 Root
	platform                *Platform
}

// usage returns the basic constraints and the key usage, if the extensions are there that QVL wants in every certificate.
func usage(c *der.Certificate) (isAuthority bool, pathLength, bits int, ok bool) {
	for _, id := range []string{der.ExtensionIssuerKey, der.ExtensionListPoints, der.ExtensionSubjectKey,
		der.ExtensionConstraints, der.ExtensionKeyUsage} {
		if _, has := c.Extensions[id]; !has {
			return false, 0, 0, false
		}
	}
	isAuthority, pathLength, err := der.Constraints(c.Extensions[der.ExtensionConstraints])
	if err != nil {
		return false, 0, 0, false
	}
	bits, err = der.Usage(c.Extensions[der.ExtensionKeyUsage])
	return isAuthority, pathLength, bits, err == nil
}

// isAuthority tells whether the certificate may issue certificates and revocation lists, with so many authorities below it (RFC 5280
// sections 4.2.1.3, 4.2.1.9, 6.1.4).
func isAuthority(c *der.Certificate, depth int) bool {
	const wanted = der.UsageSignCertificates | der.UsageSignLists
	is, pathLength, bits, ok := usage(c)
	return ok && is && (pathLength < 0 || pathLength >= depth) && bits&wanted == wanted
}

// isEndEntity tells whether the certificate signs data and is not an authority: a leaf that could issue would be a second root.
func isEndEntity(c *der.Certificate) bool {
	is, _, bits, ok := usage(c)
	return ok && !is && bits&der.UsageDigitalSignature != 0 && bits&der.UsageSignCertificates == 0
}

func isIssued(c, issuer *der.Certificate) bool {
	return issuer.IsNamedIssuer(c.Issuer) && verify(issuer.PublicKey, c.Signature, c.SignedBytes)
}

// isNamedRoot tells whether a certificate names itself as its issuer, and has the name of a root.
func isNamedRoot(c *der.Certificate) bool {
	return c.IsNamedIssuer(c.Issuer) && strings.Contains(c.Subject.CommonName, "SGX Root CA")
}

// checkShape is step 2.
func checkShape(chain []*der.Certificate) error {
	const step = "pck-chain-shape"
	if len(chain) != 3 {
		return refuse(step, "UNSUPPORTED_CERT_FORMAT", fmt.Sprintf("The PCK chain has %d certificates, not 3.", len(chain)))
	}
	pck, intermediate, root := chain[0], chain[1], chain[2]
	if !isNamedRoot(root) {
		return refuse(step, "SGX_ROOT_CA_MISSING", "The PCK chain does not end in an SGX root.")
	}
	// QVL: getIntermediateCert passes over what names itself as its issuer.
	if !strings.Contains(intermediate.Subject.CommonName, "CA") || intermediate.IsNamedIssuer(intermediate.Issuer) {
		return refuse(step, "SGX_INTERMEDIATE_CA_MISSING", "The second certificate of the PCK chain is not a PCK CA.")
	}
	if !strings.Contains(pck.Subject.CommonName, "SGX PCK Certificate") {
		return refuse(step, "SGX_PCK_MISSING", "The first certificate of the PCK chain is not a PCK certificate.")
	}
	return nil
}

// verifyRoot is step 3, and a part of 11 and 13: QVL's CommonVerifier::verifyRootCACert, with the extension rules that QVL leaves out.
func verifyRoot(root *der.Certificate, step string) error {
	if !isAuthority(root, 1) {
		return refuse(step, "SGX_ROOT_CA_INVALID_EXTENSIONS", "The root is not an authority over a PCK CA.")
	}
	if !verify(root.PublicKey, root.Signature, root.SignedBytes) {
		return refuse(step, "SGX_ROOT_CA_INVALID_ISSUER", "The root is not signed by itself.")
	}
	return nil
}

// verifyIntermediate is step 4.
func verifyIntermediate(intermediate, root *der.Certificate) error {
	const step = "intermediate-certificate"
	if !isAuthority(intermediate, 0) {
		return refuse(step, "SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS", "The PCK CA is not an authority.")
	}
	if !isIssued(intermediate, root) {
		return refuse(step, "SGX_INTERMEDIATE_CA_INVALID_ISSUER", "The PCK CA is not issued by the root.")
	}
	return nil
}

// verifyPCK is step 5.
func verifyPCK(pck, intermediate *der.Certificate) (*Platform, error) {
	const step, status = "pck-certificate", "SGX_PCK_INVALID_EXTENSIONS"
	extension, has := pck.Extensions[der.ExtensionSGX]
	if !isEndEntity(pck) || !has {
		return nil, refuse(step, status, "The extensions of the PCK certificate are not those of one.")
	}
	platform, err := parseSGXExtension(extension)
	if err != nil {
		return nil, refuseBecause(step, status, "The SGX extension of the PCK certificate", err)
	}
	if !isIssued(pck, intermediate) {
		return nil, refuse(step, "SGX_PCK_INVALID_ISSUER", "The PCK certificate is not issued by the PCK CA.")
	}
	return platform, nil
}

// verifyList verifies a list that the issuer signed (QVL PckCrlVerifier). Its dates are reported, not checked.
func verifyList(list *der.RevocationList, issuer *der.Certificate, step string) error {
	name := issuer.Subject.CommonName
	if !issuer.IsNamedIssuer(list.Issuer) {
		return refuse(step, "SGX_CRL_UNKNOWN_ISSUER", "The revocation list is not one of "+name+".")
	}
	if _, has := list.Extensions[der.ExtensionListNumber]; !has || !der.KeysMatch(list.Extensions, issuer.Extensions) {
		return refuse(step, "SGX_CRL_INVALID_EXTENSIONS",
			"The revocation list of "+name+" lacks a number, or does not name the key of its issuer.")
	}
	if !verify(issuer.PublicKey, list.Signature, list.SignedBytes) {
		return refuse(step, "SGX_CRL_INVALID_SIGNATURE", "The revocation list is not signed by "+name+".")
	}
	return nil
}

// readChain returns the certificates that a quote carries, leaf first; those that came with the collateral when it carries none.
func readChain(q *quote, supplied []*der.Certificate) ([]*der.Certificate, error) {
	const step = "quote-format"
	if q.certificationType != chainData {
		if supplied == nil {
			return nil, refuse(step, "MISSING_PARAMETERS", "The quote does not carry its PCK chain: supply pck_certificate_chain.")
		}
		return supplied, nil
	}
	chain, err := der.ParseChain(q.certification)
	if err != nil {
		return nil, refuseBecause(step, "UNSUPPORTED_CERT_FORMAT", "The PCK chain in the quote", err)
	}
	return chain, nil
}

// requireTrust is step 6.
func requireTrust(c *pckChain, roots []Root) error {
	if slices.Contains(roots, c.trusted) {
		return nil
	}
	return refuse("trusted-root", "SGX_PCK_CERT_CHAIN_UNTRUSTED", "The chain ends in a root that is not trusted here.")
}

// mostVerified is how many PCK chains are kept for one set of endorsements.
const mostVerified = 256

// platform is steps 2 to 14. Everything except the caller's trust in the root depends on these bytes alone, so a chain that has passed
// them is not asked again for anything else.
func (e *Endorsements) platform(q *quote, roots []Root) (*pckChain, error) {
	var key [sha256.Size]byte
	if q.certificationType == chainData {
		key = sha256.Sum256(q.certification)
	}
	e.mu.Lock()
	c := e.verified[key]
	e.mu.Unlock()
	if c != nil {
		return c, requireTrust(c, roots)
	}
	certificates, err := readChain(q, e.pckChain)
	if err != nil {
		return nil, err
	}
	if c, err = verifyPlatform(certificates, e, roots); err != nil {
		return nil, err
	}
	if err := verifyCollateral(c, e); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.verified == nil || len(e.verified) == mostVerified {
		e.verified = map[[sha256.Size]byte]*pckChain{}
	}
	e.verified[key] = c
	return c, nil
}

// verifyPlatform is steps 2 to 10, in the order of QVL's PckCertVerifier.
func verifyPlatform(chain []*der.Certificate, e *Endorsements, roots []Root) (*pckChain, error) {
	if err := checkShape(chain); err != nil {
		return nil, err
	}
	c := &pckChain{pck: chain[0], intermediate: chain[1], root: chain[2]}
	if err := verifyRoot(c.root, "root-certificate"); err != nil {
		return nil, err
	}
	if err := verifyIntermediate(c.intermediate, c.root); err != nil {
		return nil, err
	}
	var err error
	if c.platform, err = verifyPCK(c.pck, c.intermediate); err != nil {
		return nil, err
	}
	c.trusted = rootOf(c.root)
	if err := requireTrust(c, roots); err != nil {
		return nil, err
	}
	if err := verifyList(e.rootCRL, c.root, "root-crl"); err != nil {
		return nil, err
	}
	if err := verifyList(e.pckCRL, c.intermediate, "pck-crl"); err != nil {
		return nil, err
	}
	if e.rootCRL.Revoked[c.intermediate.Serial] {
		return nil, refuse("intermediate-revocation", "SGX_INTERMEDIATE_CA_REVOKED", "The PCK CA is revoked.")
	}
	if e.pckCRL.Revoked[c.pck.Serial] {
		return nil, refuse("pck-revocation", "SGX_PCK_REVOKED", "The PCK certificate of the platform is revoked.")
	}
	return c, nil
}

// verifyCollateral is steps 11 to 14.
func verifyCollateral(c *pckChain, e *Endorsements) error {
	signer, err := verifySigningChain(e.tcbChain, "tcb-signing-chain", c, e)
	if err != nil {
		return err
	}
	const unsigned = "The signature does not cover this text."
	if !verify(signer.PublicKey, e.tcb.signature, e.tcb.signedBytes) {
		return refuse("tcb-info-signature", "TCB_INFO_INVALID_SIGNATURE", unsigned)
	}
	// The same chain gives the same result.
	if !slices.EqualFunc(e.tcbChain, e.qeChain, func(a, b *der.Certificate) bool { return bytes.Equal(a.Encoded, b.Encoded) }) {
		if signer, err = verifySigningChain(e.qeChain, "qe-identity-signing-chain", c, e); err != nil {
			return err
		}
	}
	if !verify(signer.PublicKey, e.qe.signature, e.qe.signedBytes) {
		return refuse("qe-identity-signature", "SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE", unsigned)
	}
	return nil
}

// verifySigningChain verifies the chain of a TCB signing certificate in the order of QVL's TCBSigningChain. The root CRL applies to it
// as to the PCK CA.
func verifySigningChain(chain []*der.Certificate, step string, c *pckChain, e *Endorsements) (*der.Certificate, error) {
	if len(chain) != 2 {
		return nil, refuse(step, "UNSUPPORTED_CERT_FORMAT", fmt.Sprintf("The signing chain has %d certificates, not 2.", len(chain)))
	}
	signer, root := chain[0], chain[1]
	if !isNamedRoot(root) {
		return nil, refuse(step, "SGX_ROOT_CA_MISSING", "The signing chain does not end in an SGX root.")
	}
	isVerified := bytes.Equal(root.Encoded, c.root.Encoded)
	if !isVerified {
		if err := verifyRoot(root, step); err != nil {
			return nil, err
		}
	}
	if !strings.Contains(signer.Subject.CommonName, "SGX TCB Signing") {
		return nil, refuse(step, "SGX_TCB_SIGNING_CERT_MISSING", "The signing chain does not start with a TCB signing certificate.")
	}
	if !isEndEntity(signer) {
		return nil, refuse(step, "SGX_TCB_SIGNING_CERT_INVALID_EXTENSIONS",
			"The extensions of the TCB signing certificate are not those of one.")
	}
	if !isIssued(signer, root) {
		return nil, refuse(step, "SGX_TCB_SIGNING_CERT_INVALID_ISSUER", "The TCB signing certificate is not issued by the root.")
	}
	if !isVerified {
		if err := verifyList(e.rootCRL, root, step); err != nil {
			return nil, err
		}
	}
	if e.rootCRL.Revoked[signer.Serial] {
		return nil, refuse(step, "SGX_TCB_SIGNING_CERT_REVOKED", "The TCB signing certificate is revoked.")
	}
	if [64]byte(root.PublicKey) != c.trusted.key {
		return nil, refuse(step, "SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED", "The signing chain ends in another root than the PCK chain.")
	}
	return signer, nil
}
