import { readJwt, type JoseRule, type Jwt } from '@enclos/jose';
import { orElse, refuseToken, type TokenRule } from '../errors.ts';

const rules: Readonly<Partial<Record<JoseRule, TokenRule>>> = Object.freeze({
  size: 'size',
  algorithm: 'algorithm',
  'critical-header': 'critical-header',
  'key-location': 'key-location',
  signature: 'signature',
});

/**
 * Reads a token strictly, and verifies nothing.
 *
 * @throws TOKEN_REFUSED with the rule `form`, `size`, `algorithm`, `critical-header`, `key-location` or `signature`.
 */
export function readToken(token: string, maxLength: number): Jwt {
  return orElse(
    () => readJwt(token, { maxLength }),
    (cause) => refuseToken(ruleOf(cause.details['rule']), `The token is refused. ${cause.message}`, cause),
  );
}

function ruleOf(rule: unknown): TokenRule {
  return rules[rule as JoseRule] ?? 'form';
}
