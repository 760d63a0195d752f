import type { JsonClaims } from '../tokens/signer.ts';

/** What verified evidence says, by the service's own word. */
export interface TeeClaims {
  /** `sgx`, `tdxvm` or `sevsnpvm`. */
  readonly attestationType: string;
  /** Claims for the policy: strings, integers and booleans by name, all issued by AttestationService. */
  readonly incoming: Readonly<Record<string, string | number | boolean>>;
  /** Claims that go into the token beside those that the policy issues. */
  readonly token: JsonClaims;
  /** Under which kind of root the platform is. A `software` one never becomes `hardware`. */
  readonly platform: 'hardware' | 'software';
}
