import { DerReader, readWholeSequence, DerTag, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

const sgx = '1.2.840.113741.1.13.1';
const componentCount = 16;

/** What Intel's SGX extension of a PCK certificate says about the platform. Hex is lower case. */
export interface PckPlatform {
  /** Platform provisioning id, 16 bytes of hex. It identifies one machine. */
  readonly ppid: string;
  /** The 16 components that are compared with the TCB info, each 0 to 255. */
  readonly tcbComponents: readonly number[];
  readonly pceSvn: number;
  /** 16 bytes of hex. */
  readonly cpuSvn: string;
  /** 2 bytes of hex. */
  readonly pceId: string;
  /** 6 bytes of hex: family, model, stepping, platform, custom SKU. */
  readonly fmspc: string;
  readonly sgxType: 'standard' | 'scalable' | 'scalable-with-integrity';
  /** 16 bytes of hex; only from the Platform CA. */
  readonly platformInstanceId?: string;
  /** Only from the Platform CA. */
  readonly configuration?: PlatformConfiguration;
}

export interface PlatformConfiguration {
  readonly dynamicPlatform: boolean;
  readonly cachedKeys: boolean;
  readonly smtEnabled: boolean;
}

/**
 * Parses the SGX extension ("Intel SGX PCK Certificate and CRL Profile
 * Specification" section 1.3.4): pairs of identifier and value, each at most
 * once, none unknown.
 *
 * @throws a CODEC error.
 */
export function parseSgxExtension(value: Uint8Array): PckPlatform {
  const entries = readEntries(readWholeSequence(value));
  const tcb = readEntries(entries.take(`${sgx}.2`).sequence());
  const tcbComponents = Array.from({ length: componentCount }, (_, index) =>
    tcb.take(`${sgx}.2.${index + 1}`).integer(255),
  );
  const pceSvn = tcb.take(`${sgx}.2.17`).integer(65_535);
  const cpuSvn = hex(tcb.take(`${sgx}.2.18`), 16);
  tcb.end();
  const types = ['standard', 'scalable', 'scalable-with-integrity'] as const;
  const platform = {
    ppid: hex(entries.take(`${sgx}.1`), 16),
    tcbComponents: Object.freeze(tcbComponents),
    pceSvn,
    cpuSvn,
    pceId: hex(entries.take(`${sgx}.3`), 2),
    fmspc: hex(entries.take(`${sgx}.4`), 6),
    sgxType: types[entries.take(`${sgx}.5`).enumerated(2)] ?? 'standard',
  };
  const instance = entries.optional(`${sgx}.6`);
  const configuration = entries.optional(`${sgx}.7`);
  entries.end();
  return Object.freeze({
    ...platform,
    ...(instance === undefined ? {} : { platformInstanceId: hex(instance, 16) }),
    ...(configuration === undefined ? {} : { configuration: readConfiguration(configuration.sequence()) }),
  });
}

/** A member that is absent counts as false, as in QVL. */
function readConfiguration(reader: DerReader): PlatformConfiguration {
  const entries = readEntries(reader);
  const [dynamicPlatform = false, cachedKeys = false, smtEnabled = false] = [1, 2, 3].map((number) =>
    entries.optional(`${sgx}.7.${number}`)?.boolean(),
  );
  entries.end();
  return Object.freeze({ dynamicPlatform, cachedKeys, smtEnabled });
}

interface Entries {
  take(id: string): DerReader;
  optional(id: string): DerReader | undefined;
  /** @throws CODEC_INVALID when an entry was not taken. */
  end(): void;
}

function readEntries(reader: DerReader): Entries {
  const values = new Map<string, Uint8Array>();
  while (!reader.done) {
    const entry = reader.sequence();
    const id = entry.objectIdentifier();
    const value = entry.element().encoded;
    entry.end();
    if (values.has(id)) throw new EnclosError('CODEC_INVALID', `SGX extension entry ${id} occurs twice.`);
    values.set(id, value);
  }
  const optional = (id: string): DerReader | undefined => {
    const value = values.get(id);
    values.delete(id);
    return value === undefined ? undefined : new DerReader(value);
  };
  return {
    optional,
    take(id) {
      const value = optional(id);
      if (value === undefined) throw new EnclosError('CODEC_INVALID', `SGX extension entry ${id} is missing.`);
      return value;
    },
    end() {
      if (values.size > 0) throw new EnclosError('CODEC_INVALID', 'The SGX extension has an unknown entry.');
    },
  };
}

function hex(reader: DerReader, sizeBytes: number): string {
  const content = reader.element(DerTag.OCTET_STRING).content;
  if (content.length !== sizeBytes) {
    throw new EnclosError('CODEC_INVALID', `An SGX extension value that is not ${sizeBytes} bytes.`);
  }
  return toHex(content);
}
