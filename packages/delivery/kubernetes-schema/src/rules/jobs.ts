import type { View } from '../view/view.ts';
import { isLabelName } from '../forms/names.ts';
import { forbid, type TypeRules } from '../view/rule.ts';
import { containerNamesOf } from './pod-containers.ts';
import { checkMatch } from './workloads.ts';

export const jobRules: TypeRules = {
  V1Job: checkJob,
  V1JobSpec(view) {
    checkRestartPolicy(view);
    checkCompletion(view);
    checkFailurePolicy(view);
    if (view.has('podFailurePolicy') && view.text('podReplacementPolicy') === 'TerminatingOrFailed') {
      view.conflict('podReplacementPolicy', 'must be Failed with podFailurePolicy', 'Use Failed.');
    }
  },
  V1CronJob(view) {
    if (view.text('metadata', 'name').length <= longestCronJobName) return;
    const text = `the name of a CronJob has at most ${longestCronJobName} characters`;
    view.report('K8S_NAME_INVALID', view.child('metadata')?.valueSpan('name') ?? view.span, text, 'Shorten it.');
  },
  V1JobTemplateSpec(view) {
    const spec = view.child('spec');
    if (spec === undefined) return;
    forbid(spec, ['selector'], 'is made by the CronJob');
    if (spec.isTrue('manualSelector')) spec.conflict('manualSelector', 'is not for CronJobs', 'Remove it.');
  },
  V1PodFailurePolicyOnExitCodesRequirement(view) {
    const node = view.raw('values');
    const codes =
      node?.kind === 'list' ? node.items.map((item) => (item.kind === 'scalar' ? Number(item.value) : 0)) : [];
    if (view.text('operator') === 'In' && codes.includes(0)) {
      view.conflict('values', 'has 0, which is success', 'Remove 0, or use NotIn.');
    }
    if (codes.some((code, index) => index > 0 && (codes[index - 1] ?? 0) >= code)) {
      view.conflict('values', 'must rise, each code once');
    }
    if (codes.length > 255) view.conflict('values', 'has more than 255 codes');
  },
};

/** The controller adds 11 characters. */
const longestCronJobName = 52;
/** The name becomes the value of a label of the pods. */
const longestJobName = 63;

function checkJob(view: View): void {
  const metadata = view.child('metadata');
  const name = view.text('metadata', 'name');
  if (name.length > longestJobName) {
    const text = `the name of a Job has at most ${longestJobName} characters`;
    view.report('K8S_NAME_INVALID', metadata?.valueSpan('name') ?? view.span, text, 'Shorten it.');
  }
  const spec = view.child('spec');
  if (spec === undefined) return;
  if (!spec.isTrue('manualSelector')) {
    // What is empty is filled in.
    const own = spec.child('selector');
    if ((own?.size('matchLabels') ?? 0) + (own?.size('matchExpressions') ?? 0) > 0) {
      spec.conflict('selector', 'is made by Kubernetes', 'Remove it, or set manualSelector: true.');
    }
  } else if (!spec.has('selector')) spec.missing('selector', 'Add it: manualSelector is true.');
  else {
    const selector = spec.child('selector');
    if (selector !== undefined) checkMatch(spec, selector);
  }
  const completions = spec.number('completions') ?? 0;
  if (spec.text('completionMode') !== 'Indexed' || completions <= 0 || name === '') return;
  if (name.length <= longestJobName && !isLabelName(`${name}-${completions - 1}`)) {
    const text = `the pods of an Indexed Job are named after it, and "${name}-${completions - 1}" is not a host name`;
    view.report('K8S_NAME_INVALID', metadata?.valueSpan('name') ?? view.span, text);
  }
}

const policies = new Set(['', 'Always', 'OnFailure', 'Never']);

function checkRestartPolicy(view: View): void {
  const spec = view.child('template')?.child('spec');
  const policy = spec?.text('restartPolicy') ?? '';
  if (policy === 'Never' || !policies.has(policy)) return;
  const kind = view.parent?.typeName === 'V1JobTemplateSpec' ? 'CronJob' : 'Job';
  const place = spec ?? view;
  const span = place.spanOf('restartPolicy');
  if (policy === 'OnFailure') {
    if (!view.has('podFailurePolicy')) return;
    return view.report('K8S_RESTART_POLICY', span, 'podFailurePolicy needs restartPolicy: Never', 'Use Never.');
  }
  const found = policy === '' ? 'no restartPolicy, which means Always' : `restartPolicy: ${policy}`;
  view.report('K8S_RESTART_POLICY', span, `the pods of a ${kind} have ${found}`);
}

const mostIndexes = 100_000;

function checkCompletion(view: View): void {
  const indexed = view.text('completionMode') === 'Indexed';
  if (!indexed) {
    const words = 'is for completionMode: Indexed';
    return forbid(view, ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'], words);
  }
  const completions = view.number('completions');
  const failed = view.number('maxFailedIndexes');
  // Where both are left out, there is one index.
  if (completions === undefined && view.has('parallelism')) {
    view.missing('completions', 'Add it: completionMode is Indexed.');
  }
  if ((view.number('parallelism') ?? 0) > mostIndexes) view.conflict('parallelism', `is more than ${mostIndexes}`);
  checkSuccessPolicy(view, completions ?? 1);
  if (failed === undefined) return;
  if (!view.has('backoffLimitPerIndex')) view.missing('backoffLimitPerIndex', 'maxFailedIndexes needs it.');
  if (failed > Math.min(completions ?? 1, mostIndexes)) {
    view.conflict('maxFailedIndexes', 'is more than there are');
  }
}

function checkSuccessPolicy(view: View, completions: number): void {
  for (const rule of view.child('successPolicy')?.each('rules') ?? []) {
    const count = rule.number('succeededCount');
    if (count === undefined && !rule.has('succeededIndexes')) {
      rule.report(
        'K8S_ONE_OF',
        rule.span,
        `${rule.path} has none of succeededCount, succeededIndexes`,
        'Write one of them.',
      );
    }
    const indexes = rule.has('succeededIndexes')
      ? countIndexes(rule.text('succeededIndexes'), completions)
      : completions;
    if (indexes === undefined) {
      rule.invalid('succeededIndexes', `rising indexes below ${completions}, such as "0,2-4"`);
    } else if (count !== undefined && count > indexes) {
      rule.conflict('succeededCount', `is ${count}, and there are ${indexes} indexes`, 'Lower it.');
    }
  }
}

/** How many indexes `0,2-4` names; undefined where they do not rise, or go beyond the completions. */
function countIndexes(text: string, completions: number): number | undefined {
  if (text === '') return 0;
  let [total, last] = [0, -1];
  for (const part of text.split(',')) {
    const [whole, start = '', end] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part) ?? [];
    if (whole === undefined) return undefined;
    const [first, final] = [Number(start), Number(end ?? start)];
    if (first <= last || final >= completions || (end !== undefined && first >= final)) return undefined;
    total += final - first + 1;
    last = final;
  }
  return total;
}

function checkFailurePolicy(view: View): void {
  const policy = view.child('podFailurePolicy');
  if (policy === undefined) return;
  if (policy.size('rules') > 20) policy.conflict('rules', 'has more than 20 rules');
  const names = containerNamesOf(view.child('template')?.child('spec'));
  for (const rule of policy.each('rules')) {
    if (rule.text('action') === 'FailIndex' && !view.has('backoffLimitPerIndex')) {
      rule.conflict('action', 'is FailIndex without backoffLimitPerIndex');
    }
    const container = rule.child('onExitCodes');
    if (container?.has('containerName') !== true || names.has(container.text('containerName'))) continue;
    container.invalid('containerName', 'the name of a container of the pod');
  }
}
