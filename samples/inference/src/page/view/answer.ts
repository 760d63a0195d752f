import { element } from '@enclos/console/elements';
import type { Reading } from '../digit-service.ts';

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

export function answerView({ digit, likely }: Reading): HTMLElement {
  return element(
    'div',
    { class: 'verdict' },
    element(
      'p',
      { class: 'digit' },
      String(digit),
      element('span', { class: 'certain' }, `${percent(likely[digit] ?? 0)} sure`),
    ),
    element(
      'table',
      { class: 'scores' },
      element('caption', { class: 'hidden-text' }, 'How likely each digit is'),
      element('tbody', {}, ...likely.map((part, each) => row(each, part, each === digit))),
    ),
  );
}

function row(digit: number, part: number, isBest: boolean): HTMLElement {
  const bar = element('span', { class: 'bar' });
  bar.style.width = percent(part).replace(' ', '');
  return element(
    'tr',
    { class: isBest ? 'best' : '' },
    element('th', { scope: 'row' }, String(digit)),
    element('td', {}, element('span', { class: 'track', 'aria-hidden': 'true' }, bar)),
    element('td', {}, percent(part)),
  );
}
