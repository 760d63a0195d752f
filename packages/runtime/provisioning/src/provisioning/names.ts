/**
 * Subject names of the software PKI.
 *
 * The common names are Intel's, because verifiers find the roles by them: the
 * DCAP Quote Verification Library looks for the phrases "SGX Root CA", "CA",
 * "SGX PCK Certificate" and "SGX TCB Signing"; others (go-tdx-guest, on-chain
 * verifiers, collateral clients) compare the whole Intel name, and the `ca`
 * parameter of a CRL request is read from the PCK issuer's name. Organisation and unit say that this is software, and a
 * verifier pins the root key anyway: a verifier of Intel hardware never trusts a software root.
 */
function name(commonName: string): readonly Readonly<Record<string, readonly string[]>>[] {
  return Object.freeze([
    { CN: [commonName] },
    { O: ['Enclos Software Platform'] },
    { OU: ['Software simulation - not Intel - no hardware protection'] },
  ]);
}

export type DistinguishedName = ReturnType<typeof name>;

export const names = Object.freeze({
  root: name('Intel SGX Root CA'),
  platformCa: name('Intel SGX PCK Platform CA'),
  pck: name('Intel SGX PCK Certificate'),
  tcbSigning: name('Intel SGX TCB Signing'),
});
