import type { ExplainedField } from '@enclos/attestation/explain';
import { code, element, foreign } from '../dom.ts';
import { mark } from './mark.ts';
import { section } from './section.ts';

/** What the bytes say, group by group. Nothing in it is verified, and the page says so. */
export function fieldsView(fields: readonly ExplainedField[]): HTMLElement {
  return section(
    'fields',
    'The evidence, field by field',
    element('p', {}, 'This is what the bytes say, whether or not it is true.'),
    ...fields.map((field) => fieldView(field)),
  );
}

function fieldView(field: ExplainedField): HTMLElement {
  return field.fields === undefined ? leafList([field]) : groupView(field, field.fields);
}

function groupView(group: ExplainedField, fields: readonly ExplainedField[]): HTMLElement {
  const summary = element('summary', {}, foreign(group.name), ' ', place(group));
  const isReport = fields.some(({ name }) => /^REPORT_?DATA$/.test(name));
  const attributes = { class: 'group', ...(isReport ? { open: '' } : {}) };
  return element('details', attributes, summary, problemView(group), ...runsOf(fields));
}

/** Neighbouring fields without parts share a list. */
function runsOf(fields: readonly ExplainedField[]): readonly HTMLElement[] {
  const views: HTMLElement[] = [];
  let run: ExplainedField[] = [];
  const endRun = (): void => {
    if (run.length > 0) views.push(leafList(run));
    run = [];
  };
  for (const field of fields) {
    if (field.fields === undefined) run.push(field);
    else {
      endRun();
      views.push(groupView(field, field.fields));
    }
  }
  endRun();
  return views;
}

function leafList(fields: readonly ExplainedField[]): HTMLElement {
  return element(
    'dl',
    { class: 'fields' },
    ...fields.map((field) =>
      element(
        'div',
        {},
        element('dt', {}, foreign(field.name), ' ', place(field)),
        element(
          'dd',
          {},
          field.value === '' ? undefined : code(field.value),
          field.meaning === undefined ? undefined : element('span', { class: 'meaning' }, foreign(field.meaning)),
          problemView(field),
        ),
      ),
    ),
  );
}

function place({ offset, sizeBytes }: ExplainedField): HTMLElement | undefined {
  if (sizeBytes === 0) return undefined;
  return element('span', { class: 'place' }, `at ${offset}, ${sizeBytes} ${sizeBytes === 1 ? 'byte' : 'bytes'}`);
}

function problemView({ problem }: ExplainedField): HTMLElement | undefined {
  return problem === undefined ? undefined : element('p', { class: 'problem' }, mark('bad', problem));
}
