import { isEnclosError } from '@enclos/errors';
import { parseSnpCertificateTable } from '../src/index.ts';
import { certificateTable } from '../test/certificate-table.ts';

export const seeds: readonly Uint8Array[] = [
  certificateTable([
    { guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: new Uint8Array(40) },
    { guid: '4ab7b379-bbac-4fe4-a02f-05aef327c782', content: new Uint8Array(8) },
  ]),
  new Uint8Array(48),
];

/** The certificates that a host adds to a report: parts of the input, or a refusal. */
export function fuzz(data: Uint8Array): void {
  try {
    for (const { content } of parseSnpCertificateTable(data)) {
      if (content.length === 0 || content.length > data.length) throw new RangeError('A certificate from nowhere.');
    }
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
  }
}
