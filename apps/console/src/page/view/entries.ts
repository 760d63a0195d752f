import { element, foreign } from '../dom.ts';
import type { EvidenceInput } from '../input/input.ts';
import type { Entry } from '../session.ts';
import { mark } from './mark.ts';

/** What was given, what each was taken for, and a button to take it back. */
export function entriesView(entries: readonly Entry[], remove: (id: number) => void): readonly HTMLElement[] {
  return entries.map((entry) => {
    const button = element(
      'button',
      { type: 'button', class: 'quiet', 'aria-label': `Remove ${entry.name}` },
      'Remove',
    );
    button.addEventListener('click', () => remove(entry.id));
    const { good, text, reason } = describe(entry);
    return element(
      'li',
      {},
      element(
        'div',
        {},
        mark(good ? 'good' : 'bad', text),
        element('span', { class: 'source' }, foreign(entry.name), `, ${entry.sizeBytes} bytes`),
        reason === undefined ? undefined : element('p', { class: 'problem' }, foreign(reason)),
      ),
      button,
    );
  });
}

const evidenceNames: Readonly<Record<EvidenceInput['kind'], string>> = {
  quote: 'Quote',
  'snp-report': 'SEV-SNP report',
  'azure-evidence': 'Evidence of an Azure VM',
  'hcl-report': 'HCL report of an Azure VM',
};

function describe({ input, root }: Entry): {
  readonly good: boolean;
  readonly text: string;
  readonly reason?: string;
} {
  if ('certificate' in input) return { good: true, text: `TLS certificate with: ${evidenceNames[input.kind]}` };
  if ('bytes' in input) return { good: true, text: `${evidenceNames[input.kind]} (${input.form})` };
  switch (input.kind) {
    case 'amd-leaf':
      return { good: true, text: 'AMD certificate of the signing key' };
    case 'amd-authority':
      return { good: true, text: 'AMD certificate of the authority' };
    case 'amd-root':
      return { good: true, text: 'AMD certificate of the root' };
    case 'revocation-list':
      return { good: true, text: 'Revocation list' };
    case 'collateral':
      return { good: true, text: 'Collateral' };
    case 'policy':
      return { good: true, text: 'Policy' };
    case 'root':
      return { good: true, text: `Software root ${root?.fingerprint.slice(0, 16) ?? ''}…` };
    case 'unreadable':
      return { good: false, text: 'Not used', reason: input.reason };
  }
}
