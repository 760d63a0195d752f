import { derBoolean, derEnumerated, derInteger, derOctetString, derOid, derSequence } from '@enclos/codec';

/** The object identifier of the SGX extension of a PCK certificate. */
export const sgxExtensionOid = '1.2.840.113741.1.13.1';

export interface PckIdentity {
  /** 16 bytes. */
  readonly ppid: Uint8Array;
  /** 16 bytes; each byte is also one TCB component SVN. */
  readonly cpuSvn: Uint8Array;
  readonly pceSvn: number;
  /** 2 bytes. */
  readonly pceId: Uint8Array;
  /** 6 bytes. */
  readonly fmspc: Uint8Array;
  /** 16 bytes. */
  readonly platformInstanceId: Uint8Array;
}

const standardSgxType = 0;

/**
 * The value of the SGX extension, in the form that the Platform CA issues:
 * all seven entries, in Intel's order (PCK certificate profile, table 3.4).
 */
export function pckExtension(identity: PckIdentity): Uint8Array {
  return derSequence(
    entry('1', derOctetString(identity.ppid)),
    entry('2', tcb(identity)),
    entry('3', derOctetString(identity.pceId)),
    entry('4', derOctetString(identity.fmspc)),
    entry('5', derEnumerated(standardSgxType)),
    entry('6', derOctetString(identity.platformInstanceId)),
    entry('7', configuration()),
  );
}

function entry(suffix: string, value: Uint8Array): Uint8Array {
  return derSequence(derOid(`${sgxExtensionOid}.${suffix}`), value);
}

function tcb({ cpuSvn, pceSvn }: PckIdentity): Uint8Array {
  const components = Array.from(cpuSvn, (svn, index) => entry(`2.${index + 1}`, derInteger(svn)));
  return derSequence(...components, entry('2.17', derInteger(pceSvn)), entry('2.18', derOctetString(cpuSvn)));
}

/** dynamicPlatform, cachedKeys, smtEnabled: software has none of these. */
function configuration(): Uint8Array {
  return derSequence(...['7.1', '7.2', '7.3'].map((suffix) => entry(suffix, derBoolean(false))));
}
