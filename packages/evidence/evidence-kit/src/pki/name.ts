import { concatBytes, derOid, derSequence, DerTag, derValue, utf8 } from '@enclos/codec';

/** A common name, to which the kit adds its organisation, or the DER of a whole name. */
export type Name = string | Uint8Array;

/** One attribute of a name: the dotted identifier of its type, and the text. */
export type NameAttribute = readonly [type: string, text: string];

export const NameType = Object.freeze({
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
});

/**
 * Common names by which verifiers find the roles of a DCAP PKI. They are
 * Intel's; organisation and unit say what this is.
 */
export const CommonName = Object.freeze({
  root: 'Intel SGX Root CA',
  platformCa: 'Intel SGX PCK Platform CA',
  processorCa: 'Intel SGX PCK Processor CA',
  pck: 'Intel SGX PCK Certificate',
  tcbSigning: 'Intel SGX TCB Signing',
});

/** A Name (RFC 5280 section 4.1.2.4), one attribute in each relative name. */
export function distinguishedName(
  attributes: readonly NameAttribute[],
  encoding: 'utf8' | 'printable' = 'utf8',
): Uint8Array {
  const tag = encoding === 'utf8' ? DerTag.UTF8_STRING : DerTag.PRINTABLE_STRING;
  const parts = attributes.map(([type, text]) =>
    derValue(DerTag.SET, derSequence(derOid(type), derValue(tag, utf8(text)))),
  );
  return derValue(DerTag.SEQUENCE, concatBytes(...parts));
}

/** The attributes that the kit gives to a common name. */
export function nameAttributes(commonName: string): readonly NameAttribute[] {
  return [
    [NameType.commonName, commonName],
    [NameType.organization, 'Enclos Evidence Kit'],
    [NameType.organizationalUnit, 'Test only - never to be trusted'],
  ];
}

export function encodeName(name: Name): Uint8Array {
  return typeof name === 'string' ? distinguishedName(nameAttributes(name)) : name;
}
