import { code, element, foreign, mark } from '@enclos/console/elements';
import { isEnclosError } from '@enclos/errors';

/** What is shown in place of a result that the page does not accept. */
export function failureView(title: string, error: unknown): HTMLElement {
  const lines = isEnclosError(error)
    ? [
        element('p', {}, foreign(error.message), ' ', code(error.code)),
        element('p', {}, 'What to do: ', foreign(error.next)),
      ]
    : [element('p', {}, foreign(error instanceof Error ? error.message : String(error)))];
  return element(
    'div',
    { class: 'summary', 'data-grade': 'bad' },
    element('p', { class: 'headline' }, mark('bad', title)),
    ...lines,
  );
}
