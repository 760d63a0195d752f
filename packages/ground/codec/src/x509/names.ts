import { EnclosError } from '@enclos/errors';
import { DerReader, readWholeSequence, DerTag } from '../der.ts';

const commonNameType = '2.5.4.3';
const attributeNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};
const mostNameBytes = 2048;

/** A distinguished name (RFC 5280 section 4.1.2.4). Names are compared by `encoded`, as Intel's QVL does. */
export interface DistinguishedName {
  readonly encoded: Uint8Array;
  /** Empty when the name has none. */
  readonly commonName: string;
}

/** @param encoded Name, DER. @throws a CODEC error; also for two common names. */
export function readName(encoded: Uint8Array): DistinguishedName {
  let commonName = '';
  for (const names = readWholeSequence(encoded); !names.done;) {
    const relative = names.set();
    const attribute = relative.sequence();
    relative.end();
    const type = attribute.objectIdentifier();
    const text = attribute.text(256);
    attribute.end();
    if (type !== commonNameType) continue;
    if (commonName !== '') throw new EnclosError('CODEC_INVALID', 'A distinguished name with two common names.');
    commonName = text;
  }
  return Object.freeze({ encoded, commonName });
}

/** A name for people, in the order of its parts: `CN=vault, O=Example`. @throws a CODEC error. */
export function describeName(encoded: Uint8Array): string {
  if (encoded.length > mostNameBytes) return 'a name that is too long';
  const parts: string[] = [];
  for (const names = readWholeSequence(encoded); !names.done;) {
    const attribute = new DerReader(names.element(DerTag.SET).content).sequence();
    const type = attribute.objectIdentifier();
    parts.push(`${attributeNames[type] ?? type}=${String.fromCharCode(...attribute.element().content)}`);
  }
  return parts.join(', ');
}
