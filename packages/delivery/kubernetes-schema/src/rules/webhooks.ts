import type { View } from '../view/view.ts';
import { isServiceName, isSubdomainName } from '../forms/names.ts';
import { checkEither, checkUnique, keysIn, type TypeRules } from '../view/rule.ts';

export const webhookRules: TypeRules = {
  V1MutatingWebhookConfiguration: checkNames,
  V1ValidatingWebhookConfiguration: checkNames,
  V1MutatingWebhook: checkWebhook,
  V1ValidatingWebhook: checkWebhook,
  V1ValidatingAdmissionPolicySpec(view) {
    if (view.size('validations') + view.size('auditAnnotations') === 0) view.missing('validations');
    const constraints = view.child('matchConstraints');
    if (constraints !== undefined && constraints.size('resourceRules') === 0) constraints.missing('resourceRules');
  },
  V1ValidatingAdmissionPolicyBindingSpec(view) {
    checkUnique(view, view.texts('validationActions'), (key) => `validationActions has ${key.slice(0, 80)} twice`);
    const actions = view.texts('validationActions').map(({ text }) => text);
    if (actions.includes('Deny') && actions.includes('Warn')) view.conflict('validationActions', 'has Deny and Warn');
  },
  V1ParamRef(view) {
    checkEither(view, ['name', 'selector'], (field) => (field === 'name' ? view.text(field) !== '' : view.has(field)));
  },
  V1NamedRuleWithOperations: checkRule,
  V1RuleWithOperations: checkRule,
  AdmissionregistrationV1WebhookClientConfig(view) {
    if (!view.has('url')) return;
    const problem = urlProblem(view.text('url'));
    if (problem !== undefined) view.invalid('url', problem);
  },
  AdmissionregistrationV1ServiceReference(view) {
    const path = view.text('path');
    if (path === '' || path === '/') return;
    if (!path.startsWith('/')) return view.invalid('path', 'a path that begins with "/"');
    const steps = path.slice(1).replace(/\/$/, '').split('/');
    if (!steps.every(isSubdomainName)) view.invalid('path', 'steps of lower-case letters, digits, hyphens and dots');
  },
};

function checkRule(view: View): void {
  for (const name of ['apiGroups', 'apiVersions', 'operations']) {
    const items = view.texts(name);
    if (items.length < 2 || !items.some(({ text }) => text === '*')) continue;
    view.conflict(name, 'has "*" and others', 'Keep "*", or the others.');
  }
  for (const name of ['apiVersions', 'resources']) {
    if (view.texts(name).some(({ text }) => text === '')) view.missing(name, `Write a name for each of ${name}.`);
  }
  checkResources(view);
}

function checkNames(view: View): void {
  checkUnique(view, keysIn(view.each('webhooks'), 'name'), (key) => `two webhooks are named "${key}"`);
}

const reviews = new Set(['v1', 'v1beta1']);

function checkWebhook(view: View): void {
  checkUnique(
    view,
    keysIn(view.each('matchConditions'), 'name'),
    (key) => `two match conditions of ${view.path} are named "${key.slice(0, 80)}"`,
  );
  const versions = view.texts('admissionReviewVersions');
  if (versions.length > 0 && !versions.some(({ text }) => reviews.has(text))) {
    view.conflict('admissionReviewVersions', 'has no version that the API server speaks', 'Add v1.');
  }
  checkUnique(view, versions, (key) => `admissionReviewVersions has ${key.slice(0, 80)} twice`);
  for (const version of versions) {
    if (!isServiceName(version.text)) view.invalidItem('admissionReviewVersions', version, 'Write v1.');
  }
}

function checkResources(view: View): void {
  const names = view.texts('resources').map(({ text }) => text);
  if (names.length > 1 && names.includes('*/*')) {
    view.conflict('resources', 'has "*/*" and others', 'Keep "*/*", or the others.');
  }
  if (names.includes('*') && names.some((name) => name !== '*' && !name.includes('/'))) {
    view.conflict('resources', 'has "*" and others', 'Keep "*", or the others.');
  }
  const [ofResource, ofPart] = [new Set<string>(), new Set<string>()];
  for (const name of names) {
    const slash = name.indexOf('/');
    if (slash < 0) continue;
    const [resource, part] = [name.slice(0, slash), name.slice(slash + 1)];
    if (ofResource.has(resource) || ofPart.has(part)) {
      view.conflict('resources', `has "${name.slice(0, 80)}", which another item covers`, 'Remove it.');
    }
    if (part === '*') ofResource.add(resource);
    if (resource === '*') ofPart.add(part);
  }
}

function urlProblem(text: string): string | undefined {
  const wanted = 'a URL such as https://hooks.example.com/path';
  if (!URL.canParse(text) || !/^https:\/\/[^/]/.test(text)) return wanted;
  const { username, password, hash, search } = new URL(text);
  return username === '' && password === '' && hash === '' && search === ''
    ? undefined
    : `${wanted}, without user, query and fragment`;
}
