import type { EvidenceForm } from '@enclos/atls/certificate';
import { toHex } from '@enclos/codec';
import { code, element } from '../dom.ts';
import type { Outcome } from '../outcome.ts';
import { mark } from './mark.ts';
import { facts, section } from './section.ts';

const forms: Readonly<Record<EvidenceForm, string>> = {
  tagged: 'DICE tagged evidence, 2.23.133.5.4.9 (interoperable RA-TLS)',
  cmw: 'conceptual message wrapper (RFC 9999)',
  'gramine-legacy': 'legacy RA-TLS of Gramine',
  'oe-report': 'Open Enclave report (also of EGo and Azure)',
  'oe-evidence': 'Open Enclave evidence',
};

/** What carried the evidence, and whether its key is the attested one. */
export function certificateView({ unpacked, actual }: NonNullable<Outcome['certificate']>): HTMLElement {
  const { form, quote, boundReportData, publicKey, own } = unpacked;
  const wanted = boundReportData.map((reportData) => element('div', {}, code(toHex(reportData))));
  return section(
    'certificate',
    'The certificate that carried it',
    facts([
      ['form', forms[form]],
      ['evidence', `${quote.length} bytes`],
      ['its public key', code(toHex(publicKey))],
      ...(own === undefined
        ? []
        : [['attested for', `${own.role} of attested TLS, ${new Date(own.issuedAtMs).toISOString()}`] as const]),
      [boundReportData.length > 1 ? 'wanted report data, one of' : 'wanted report data', element('div', {}, ...wanted)],
      ...(actual === undefined ? [] : [['found report data', code(actual.boundData)] as const]),
      ['the key is the attested one', actual === undefined ? mark('neutral', 'not known yet') : bound(actual.isBound)],
    ]),
    element('p', { class: 'hint' }, 'A TLS handshake must still prove possession of the key.'),
  );
}

function bound(isBound: boolean): HTMLElement {
  return isBound
    ? mark('good', 'yes: the evidence has the wanted report data')
    : mark('bad', 'no: the evidence has other report data');
}
