// docs/reference/lint-rules.md is written from the tables of rules in packages/delivery.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkGenerated } from './generated.mjs';

const path = 'docs/reference/lint-rules.md';

const groups = [
  ['What the API server refuses', /^K8S_/],
  ['Resources', /^(?:SGX_(?:EPC|RESOURCE|AUTOSCALING)|SOFTWARE_DEVICE_)/],
  ['Quotes and platforms', /^(?:SGX_QUOTE|SGX_PROVISION|SOFTWARE_PLATFORM|ENCLOS)_/],
  ['Images', /^IMAGE_/],
  ['Probes and ports', /^(?:PROBE|LISTEN)_/],
  ['The boundary of the pod', /^(?:POD_|SGX_DEVICE_)/],
  ['Placement', /^(?:TOLERATION|AZURE)_/],
  ['Namespaces and repeated applies', /^(?:NAMESPACE|APPLY)_/],
  ['Webhooks', /^WEBHOOK_/],
];

const introduction = `# Rules of enclos lint

<!-- Written by \`node tools/docs.mjs --write\` from the table of rules in packages/delivery/kubernetes. Do not edit by hand. -->

\`enclos lint\` checks any manifests against these rules, and \`enclos deploy\` checks what it writes. Each
finding has the code of its rule, the place, and what to do. An error ends the command with exit code 2; a warning does so
only with \`--strict\`.

Types are those of Kubernetes RELEASE: every field of its own kinds, as in the strict validation of the API server. What the
server refuses beyond types follows Kubernetes 1.34 with its default configuration: required fields, forms of values, fields
together. Expressions in CEL, references to other objects and what a cluster adds (quotas, webhooks) are not checked.
Custom kinds are ignored. The rules about enclaves apply to pods that ask for SGX, under any name, or have
the socket of a quote provider, a variable of one, or an annotation about enclaves. Other pods are ignored.

YAML is read as Kubernetes reads it: \`yes\`, \`no\`, \`on\`, \`off\`, \`y\` and \`n\` without quotes are booleans, \`0644\` is 420.
The bounds are 16 Mi characters and 20,000 documents in a file, 64 levels and a million values in a document with every alias
written out, and 100 findings for each document.
`;

function sectionOf([title, pattern], rules) {
  const own = Object.entries(rules).filter(([code]) => pattern.test(code));
  const entries = own.map(
    ([code, { severity, summary, why, fix }]) =>
      `### ${code}\n\n*${severity}.* ${summary}\n\n${why}\n\n**Do:** ${fix}\n`,
  );
  return `## ${title}\n\n${entries.join('\n')}`;
}

/** Writes the page, or compares it; returns problems, one line each. */
export async function checkLintPage(base, { write }) {
  const built = join(base, 'packages/delivery/kubernetes/dist/src/lint/index.js');
  const { kubernetesRelease, lintRules } = await import(pathToFileURL(built).href);
  const homeless = Object.keys(lintRules).filter(
    (code) => groups.filter(([, pattern]) => pattern.test(code)).length !== 1,
  );
  if (homeless.length > 0) return homeless.map((code) => `${path}: ${code} belongs to no section, or to several`);
  const sections = groups.map((group) => sectionOf(group, lintRules));
  const expected = `${introduction.replace('RELEASE', kubernetesRelease)}\n${sections.join('\n')}`;
  return checkGenerated(base, [[path, expected]], { write, source: 'the rules say' });
}
