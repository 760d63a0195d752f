/** How a signature algorithm of COSE is named (RFC 9053 section 2), by its name in JOSE. */
export const coseAlgorithms = Object.freeze({
  ES256: { value: -7, signatureBytes: 64 },
  EdDSA: { value: -8, signatureBytes: 64 },
  ES384: { value: -35, signatureBytes: 96 },
  ES512: { value: -36, signatureBytes: 132 },
} as const);

/** By the names of JOSE, so that `verifyJws` of `@enclos/jose` verifies what is read here. */
export type CoseAlgorithm = keyof typeof coseAlgorithms;

export function coseAlgorithmOf(value: number): CoseAlgorithm | undefined {
  for (const [name, known] of Object.entries(coseAlgorithms)) {
    // The names of the table are its own keys.
    if (known.value === value) return name as CoseAlgorithm;
  }
  return undefined;
}
