import type { JsonClaims } from '../../tokens/signer.ts';

/** Claims whose values are text, integers and booleans: what policies can look at. */
export type ScalarClaims = Readonly<Record<string, string | number | boolean>>;

/**
 * New claims, which their taker may add to. Their names are written out where they are set: V8 makes an object of such names in a
 * tenth of the time that it takes for names out of a variable, or for an object without a prototype.
 */
export type NewClaims<T extends JsonClaims> = { -readonly [Name in keyof T]: T[Name] };

/** What verified evidence says, by the service's own word. */
export interface TeeClaims {
  /** `sgx`, `tdxvm` or `sevsnpvm`. */
  readonly attestationType: string;
  /** Claims for the policy: strings, integers and booleans by name, all issued by AttestationService. */
  readonly incoming: ScalarClaims;
  /** Claims that go into the token beside those that the policy issues. */
  readonly token: JsonClaims;
  /** Under which kind of root the platform is. A `software` one never becomes `hardware`. */
  readonly platform: 'hardware' | 'software';
}
