import { code, element, facts, foreign, mark } from '@enclos/console/elements';
import type { AnswerReceipt } from '@enclos/inference-client';
import { timeText } from './time.ts';

/** The receipt of an answer. The client has verified it. */
export function receiptView(receipt: AnswerReceipt): HTMLElement[] {
  const { claims } = receipt;
  const save = element('button', { class: 'quiet', type: 'button', id: 'save' }, 'Save the receipt');
  save.addEventListener('click', () => download(receipt.bytes, 'receipt.cose'));
  return [
    element('p', {}, mark('good', 'Signed by this enclave, over exactly this drawing and this answer')),
    facts([
      ['model', foreign(`${claims.model}, version ${claims.modelVersion}`)],
      ['its SHA-256', code(claims.modelDigest)],
      ['request', code(claims.requestDigest)],
      ['answer', code(claims.responseDigest)],
      ['sequence number', `${claims.sequence}, counted since the enclave made its keys`],
      ['time', `${timeText(new Date(claims.issuedAt * 1000))}, by the clock of the enclave`],
    ]),
    save,
  ];
}

function download(bytes: Uint8Array, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: 'application/cose' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
