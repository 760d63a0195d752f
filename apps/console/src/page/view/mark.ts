import { element } from '../dom.ts';

export type Grade = 'good' | 'attention' | 'bad' | 'neutral';

/** Sign and word: nothing is said by colour alone. */
const signs: Readonly<Record<Grade, string>> = { good: '✓', attention: '!', bad: '✕', neutral: '·' };

/** A sign with its word, in the colour of its grade. */
export function mark(grade: Grade, word: string): HTMLElement {
  return element(
    'span',
    { class: 'mark', 'data-grade': grade },
    element('span', { class: 'sign', 'aria-hidden': 'true' }, signs[grade]),
    element('span', {}, word),
  );
}
