import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseEnclaveIdentity } from '../src/dcap/tcb/enclave-identity.ts';
import { splitSignedBody } from '../src/index.ts';
import { parseTcbInfo } from '../src/dcap/tcb/tcb-info.ts';
import { goodQeIdentity, goodTcbInfo } from '../test/synthetic-platform.ts';

export const seeds: readonly Uint8Array[] = [
  utf8(JSON.stringify(goodTcbInfo)),
  utf8(JSON.stringify(goodQeIdentity)),
  utf8(JSON.stringify({ tcbInfo: goodTcbInfo, signature: 'ab'.repeat(64) })),
];

/** TCB info, enclave identity, and the answers that hold them. What is read must be what the engine reads too. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  for (const parse of [parseTcbInfo, parseEnclaveIdentity, (body: string) => splitSignedBody(body, 'tcbInfo')]) {
    try {
      parse(text);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      continue;
    }
    JSON.parse(text);
  }
}
