import type { StepResult } from '@enclos/attestation';
import { element } from '../dom.ts';
import { mark, type Grade } from './mark.ts';
import { section } from './section.ts';

const grades: Readonly<Record<StepResult['status'], Grade>> = {
  passed: 'good',
  failed: 'bad',
  'not reached': 'neutral',
};

/** Every step of the verification with what became of it. Open when one failed. */
export function stepsView(steps: readonly StepResult<string>[]): HTMLElement {
  const passed = steps.filter(({ status }) => status === 'passed').length;
  const isRefused = steps.some(({ status }) => status === 'failed');
  const list = element(
    'ol',
    { class: 'steps' },
    ...steps.map(({ title, status }) =>
      element('li', { 'data-state': status }, mark(grades[status], status), ' ', title),
    ),
  );
  return section(
    'steps',
    'Steps of the verification',
    element(
      'details',
      isRefused ? { open: '' } : {},
      element('summary', {}, `${passed} of ${steps.length} steps passed`),
      list,
    ),
  );
}
