import { derBoolean, derEnumerated, derInteger, derOctetString, derOid, derSequence } from '@enclos/codec';
import { ExtensionId, type Extension } from './extensions.ts';

/** What a PCK certificate says about a platform (Intel PCK certificate profile, section 1.3.4). */
export interface PckIdentity {
  /** 16 bytes. */
  readonly ppid: Uint8Array;
  /** 16 numbers: .2.1 to .2.16. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  /** 2 bytes. */
  readonly pceId: Uint8Array;
  /** 6 bytes. */
  readonly fmspc: Uint8Array;
  /** 0 standard, 1 scalable, 2 scalable with integrity. */
  readonly sgxType: number;
  /** 16 bytes; the Platform CA only. */
  readonly platformInstanceId?: Uint8Array;
  /** The Platform CA only. */
  readonly configuration?: {
    readonly dynamicPlatform: boolean;
    readonly cachedKeys: boolean;
    readonly smtEnabled: boolean;
  };
}

/** One pair of identifier and value. `id` is what follows the identifier of the extension: '.2.17'. */
export interface SgxEntry {
  readonly id: string;
  /** DER. */
  readonly value: Uint8Array;
}

/** Changes the list of entries: of the whole extension, or of the TCB in it. */
export interface SgxExtensionChanges {
  readonly entries?: (good: readonly SgxEntry[]) => readonly SgxEntry[];
  readonly tcb?: (good: readonly SgxEntry[]) => readonly SgxEntry[];
  /** The whole value. */
  readonly value?: (good: Uint8Array) => Uint8Array;
}

/** The SGX extension with all entries that the identity has, in Intel's order. */
export function sgxExtension(identity: PckIdentity, changes: SgxExtensionChanges = {}): Extension {
  const same = <T>(good: T): T => good;
  const tcb = encodeEntries((changes.tcb ?? same)(tcbEntries(identity)));
  const value = encodeEntries((changes.entries ?? same)(entriesOf(identity, tcb)));
  return { id: ExtensionId.sgx, value: (changes.value ?? same)(value) };
}

function tcbEntries({ components, pceSvn, cpuSvn }: PckIdentity): readonly SgxEntry[] {
  return [
    ...components.map((svn, index) => ({ id: `.2.${index + 1}`, value: derInteger(svn) })),
    { id: '.2.17', value: derInteger(pceSvn) },
    { id: '.2.18', value: derOctetString(cpuSvn) },
  ];
}

function entriesOf(identity: PckIdentity, tcb: Uint8Array): readonly SgxEntry[] {
  const { platformInstanceId, configuration } = identity;
  return [
    { id: '.1', value: derOctetString(identity.ppid) },
    { id: '.2', value: tcb },
    { id: '.3', value: derOctetString(identity.pceId) },
    { id: '.4', value: derOctetString(identity.fmspc) },
    { id: '.5', value: derEnumerated(identity.sgxType) },
    ...(platformInstanceId === undefined ? [] : [{ id: '.6', value: derOctetString(platformInstanceId) }]),
    ...(configuration === undefined ? [] : [{ id: '.7', value: encodeConfiguration(configuration) }]),
  ];
}

function encodeConfiguration(configuration: NonNullable<PckIdentity['configuration']>): Uint8Array {
  return encodeEntries([
    { id: '.7.1', value: derBoolean(configuration.dynamicPlatform) },
    { id: '.7.2', value: derBoolean(configuration.cachedKeys) },
    { id: '.7.3', value: derBoolean(configuration.smtEnabled) },
  ]);
}

function encodeEntries(entries: readonly SgxEntry[]): Uint8Array {
  return derSequence(...entries.map(({ id, value }) => derSequence(derOid(`${ExtensionId.sgx}${id}`), value)));
}
