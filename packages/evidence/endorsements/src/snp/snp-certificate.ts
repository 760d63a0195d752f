import { DerReader, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { ItemRequest } from '../request.ts';
import type { CertificateShape } from '@enclos/codec/x509';

/** Extensions of a VCEK ("VCEK Certificate and KDS Interface Specification", table 8). */
const extension = '1.3.6.1.4.1.3704.1';
const svnIds = { bl: '3.1', tee: '3.2', snp: '3.3', ucode: '3.8', fmc: '3.9' } as const;

/** Compares chip and TCB of a VCEK with those of the request. @throws CODEC_INVALID */
export function checkSnpCertificate({ parameters }: ItemRequest, { extensions }: CertificateShape): void {
  for (const [name, id] of Object.entries(svnIds)) {
    const wanted = parameters[name];
    if (wanted === undefined) continue;
    const value = extensions.get(`${extension}.${id}`)?.value;
    if (value === undefined || new DerReader(value).integer(255) !== Number(wanted)) {
      throw new EnclosError('CODEC_INVALID', `the certificate is of another TCB (${name})`);
    }
  }
  if (parameters['signing-key'] === 'vlek') return;
  const chip = extensions.get(`${extension}.4`)?.value;
  if (chip === undefined || toHex(chip) !== parameters['hwid']) {
    throw new EnclosError('CODEC_INVALID', 'the certificate is of another chip');
  }
}
