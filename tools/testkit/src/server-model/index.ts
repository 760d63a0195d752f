import { patchOf } from './patch.ts';
import { stored } from './store.ts';
import { isPlain, isSame, type Plain } from './values.ts';

export type { Plain } from './values.ts';

/** What an API server and kubectl make of manifests, as far as GitOps sees it. */
export interface ServerModel {
  /**
   * `kubectl apply`: the fields in which the manifest says something else than what is there. Empty when kubectl prints
   * `unchanged`; the first time it is empty, too.
   */
  readonly apply: (manifest: Plain) => readonly string[];
  /** `kubectl diff`: what would be stored otherwise than it is. */
  readonly diff: (manifest: Plain) => readonly string[];
  /** What is stored. */
  readonly get: (kind: string, name: string) => Plain | undefined;
}

interface Entry {
  readonly live: Plain;
  readonly generation: number;
  readonly last: Plain;
}

/** Their update compares the spec so that an empty list is not the same as none, and counts a generation more. */
const strictKinds = new Set(['NetworkPolicy', 'MutatingWebhookConfiguration', 'ValidatingAdmissionPolicy']);

/**
 * A model of an API server: fields by the types of Kubernetes, defaulted, quantities in one form, and what is empty dropped.
 * It was compared with Kubernetes 1.34. It does not validate values, and it allocates nothing.
 * @throws from `apply` and `diff` for a kind or a field that it does not know
 */
export function createServerModel(): ServerModel {
  const entries = new Map<string, Entry>();
  const update = (
    manifest: Plain,
  ): { readonly entry: Entry; readonly changes: readonly string[]; readonly seen: readonly string[] } => {
    const key = keyOf(String(manifest['kind']), nameOf(manifest));
    const before = entries.get(key);
    if (before === undefined) {
      return { entry: { live: stored(manifest), generation: 1, last: manifest }, changes: [], seen: [`${key} is new`] };
    }
    const { changes, merged } = patchOf(before.last, manifest, before.live);
    const live = stored(merged);
    const isStrict = strictKinds.has(String(manifest['kind']));
    const isAnother = !isSame(bodyOf(stored(merged, { keepsEmpty: isStrict })), bodyOf(before.live));
    const generation = before.generation + (isAnother ? 1 : 0);
    const seen = [
      ...(isSame(live, before.live) ? [] : [`${key} is stored otherwise`]),
      ...(isAnother ? [`${key} has generation ${generation}`] : []),
    ];
    return { entry: { live, generation, last: manifest }, changes, seen };
  };
  return Object.freeze({
    apply(manifest: Plain) {
      const { entry, changes } = update(manifest);
      entries.set(keyOf(String(manifest['kind']), nameOf(manifest)), entry);
      return changes;
    },
    diff: (manifest: Plain) => update(manifest).seen,
    get: (kind: string, name: string) => entries.get(keyOf(kind, name))?.live,
  });
}

const keyOf = (kind: string, name: string): string => `${kind}/${name}`;

function nameOf({ metadata }: Plain): string {
  return isPlain(metadata) ? String(metadata['name']) : '';
}

function bodyOf({ metadata: _metadata, ...body }: Plain): Plain {
  return body;
}

/** What applying manifests a second time would change. */
export interface SecondApply {
  /** Fields that make kubectl print `configured`. */
  readonly changes: readonly string[];
  /** What the API server would store otherwise, which Argo CD and Flux report as drift. */
  readonly diff: readonly string[];
}

/** Applies manifests twice. A kustomization among them is for kubectl, not for the server. */
export function applyTwice(manifests: readonly Plain[]): SecondApply {
  const server = createServerModel();
  const sent = manifests.filter(({ kind }) => kind !== 'Kustomization');
  for (const manifest of sent) server.apply(manifest);
  const diff = sent.flatMap((manifest) => server.diff(manifest));
  return { changes: sent.flatMap((manifest) => server.apply(manifest)), diff };
}
