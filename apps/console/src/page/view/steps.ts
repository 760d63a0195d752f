import type { StepResult, Validity } from '@enclos/attestation';
import { element } from '../dom.ts';
import { mark, type Grade } from './mark.ts';
import { section } from './section.ts';

const grades: Readonly<Record<StepResult['status'], Grade>> = {
  passed: 'good',
  failed: 'bad',
  'not reached': 'neutral',
};

const datesSteps: readonly string[] = ['collateral-dates', 'snp-dates'];

/**
 * Every step of the verification with what became of it. Open when one failed.
 *
 * @param validity of the verdict, when there is one: dates are compared and refuse nothing, so that step passes even when they are wrong.
 */
export function stepsView(steps: readonly StepResult<string>[], validity: Validity | undefined): HTMLElement {
  const passed = steps.filter(({ status }) => status === 'passed').length;
  const isRefused = steps.some(({ status }) => status === 'failed');
  const list = element(
    'ol',
    { class: 'steps' },
    ...steps.map(({ id, title, status }) => {
      const isNotInForce = validity?.inForce === false && datesSteps.includes(id);
      const sign = isNotInForce ? mark('attention', 'not in force') : mark(grades[status], status);
      return element('li', { 'data-state': status }, sign, ' ', title);
    }),
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
