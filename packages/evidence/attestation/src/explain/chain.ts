import { ExtensionId } from '@enclos/codec/x509';
import { parseP256Certificate, type P256Certificate } from '../x509/p256-certificate.ts';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { isoSeconds } from '@enclos/codec/json';
import { decodeCertificates } from '../x509/pem.ts';
import { parseSgxExtension, type PckPlatform } from '../dcap/tcb/sgx-extension.ts';
import type { ExplainedField } from './field.ts';

/** The certificates of a PEM text that lies at `offset`. Their fields have no offset: PEM is base64. */
export function explainChain(pem: Uint8Array, offset: number): ExplainedField {
  const place = { offset, sizeBytes: pem.length };
  const read = attempt(() => decodeCertificates(pem));
  const common = { name: 'PCK chain', ...place, value: '' };
  if (typeof read === 'string') return Object.freeze({ ...common, problem: read });
  const fields = read.map((der, index) => explainCertificate(der, index, place));
  return Object.freeze({ ...common, fields: Object.freeze(fields) });
}

type Place = Pick<ExplainedField, 'offset' | 'sizeBytes'>;

function explainCertificate(der: Uint8Array, index: number, place: Place): ExplainedField {
  const certificate = attempt(() => parseP256Certificate(der));
  const name = `Certificate ${index + 1}`;
  if (typeof certificate === 'string') return Object.freeze({ name, ...place, value: '', problem: certificate });
  const platform = platformOf(certificate);
  const texts = [...certificateTexts(certificate), ...(typeof platform === 'object' ? platformTexts(platform) : [])];
  const fields = texts.map(([field, value, meaning]) =>
    Object.freeze({ name: field, ...place, value, ...(meaning === undefined ? {} : { meaning }) }),
  );
  return Object.freeze({
    name: `${name}: ${certificate.subject.commonName}`,
    ...place,
    value: '',
    fields: Object.freeze(fields),
    ...(typeof platform === 'string' ? { problem: platform } : {}),
  });
}

type NamedText = readonly [name: string, value: string, meaning?: string];

function certificateTexts(certificate: P256Certificate): readonly NamedText[] {
  const { subject, issuer, serialNumber, notBeforeMs, notAfterMs, publicKey } = certificate;
  return [
    ['subject', subject.commonName],
    ['issuer', issuer.commonName],
    ['serial number', serialNumber],
    ['valid from', isoSeconds(notBeforeMs)],
    ['valid until', isoSeconds(notAfterMs)],
    ['public key', toHex(publicKey), 'P-256: x, then y'],
  ];
}

function platformTexts(platform: PckPlatform): readonly NamedText[] {
  const { configuration, platformInstanceId, tcbComponents } = platform;
  return [
    ['PPID', platform.ppid, 'Identifies one machine'],
    ['FMSPC', platform.fmspc, 'The platform family: which TCB info applies'],
    ['PCEID', platform.pceId],
    ['PCESVN', String(platform.pceSvn), 'Security version of the provisioning certification enclave'],
    ['CPUSVN', platform.cpuSvn],
    ['TCB components', tcbComponents.join(' '), 'Security versions 1 to 16'],
    ['SGX type', platform.sgxType],
    ...(platformInstanceId === undefined ? [] : [['platform instance', platformInstanceId] as const]),
    ...(configuration === undefined
      ? []
      : [
          ['dynamic platform', String(configuration.dynamicPlatform)] as const,
          ['cached keys', String(configuration.cachedKeys)] as const,
          ['hyper-threading', String(configuration.smtEnabled)] as const,
        ]),
  ];
}

/** What the SGX extension says; why it cannot be read; undefined when there is none. */
function platformOf({ extensions }: P256Certificate): PckPlatform | string | undefined {
  const sgx = extensions.get(ExtensionId.sgx);
  return sgx === undefined ? undefined : attempt(() => parseSgxExtension(sgx));
}

/** The result, or the words of a parser that refused. */
function attempt<T extends object>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return error.message;
  }
}
