import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { lintManifests, type LintFile } from '@enclos/kubernetes/lint';

interface Manifest {
  readonly kind: string;
  readonly metadata?: { readonly name: string; readonly namespace?: string };
}

/** What readers see of the manifests of a service. */
function filesOf(folder: string): readonly LintFile[] {
  const path = fileURLToPath(new URL(`../../../../services/${folder}/`, import.meta.url));
  return readdirSync(path).map((name) => ({ name: `${folder}/${name}`, text: readFileSync(`${path}${name}`, 'utf8') }));
}

const agent = filesOf('node-agent/deploy');
const webhook = filesOf('admission/manifests');

/** The namespaces that files make, and those that they put objects into. */
function namespacesOf(files: readonly LintFile[]): {
  readonly made: readonly string[];
  readonly used: readonly string[];
} {
  const manifests = files.map(({ text }) => load(text) as Manifest);
  const made = manifests.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata?.name ?? ''] : []));
  return { made, used: manifests.flatMap(({ metadata }) => metadata?.namespace ?? []) };
}

describe('the manifests of the agent and of the webhook, in one cluster', () => {
  test('have a namespace each, so that deleting one set deletes nothing of the other', () => {
    const [ours, theirs] = [namespacesOf(agent), namespacesOf(webhook)];
    assert.deepEqual([ours.made, theirs.made], [['enclos-node-agent'], ['enclos-admission']]);
    for (const { made, used } of [ours, theirs]) assert.deepEqual([...new Set(used)], made);
  });

  test('are admitted by the Pod Security levels of their namespaces', () => {
    const { findings } = lintManifests([...agent, ...webhook], { now: new Date('2026-11-28') });
    assert.deepEqual(
      findings.filter(({ code }) => code.startsWith('NAMESPACE_') || code === 'APPLY_DRIFT').map(({ text }) => text),
      [],
    );
  });

  test('are refused by lint when they share one namespace, as both of their defaults once did', () => {
    const shared = [...agent, ...webhook].map(({ name, text }) => {
      return { name, text: text.replaceAll(/(name(?:space)?: )enclos-(?:node-agent|admission)$/gm, '$1enclos-system') };
    });
    const codes = new Set(lintManifests(shared, { now: new Date('2026-11-28') }).findings.map(({ code }) => code));
    assert.ok(codes.has('NAMESPACE_LEVEL_CLASH'));
  });
});
