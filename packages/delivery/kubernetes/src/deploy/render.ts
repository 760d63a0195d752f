import type { KubernetesObject } from './objects.ts';
import { yamlOf } from '@enclos/kubernetes-schema/yaml';
import type { DeployPlan } from './plan.ts';

/** One file of a deployment. */
export interface DeployFile {
  readonly name: string;
  readonly content: string;
}

export const deployFormats = ['yaml', 'kustomize'] as const;
export type DeployFormat = (typeof deployFormats)[number];

/** Starts every file that deploy writes, and so tells the files that it may write over. */
const firstLine = '# Written by `enclos deploy`. Changes here are lost: change deploy.json.';
const kustomization = 'kustomization.yaml';

export function isOurs(content: string): boolean {
  return content.startsWith(`${firstLine}\n`);
}

/** One file with every object, or a kustomize base with a file for each. */
export function renderDeployment(plan: DeployPlan, format: DeployFormat): readonly DeployFile[] {
  const { name, profile, boundary, objects } = plan;
  const head = `${firstLine}\n# Profile ${profile}. Boundary: ${boundary}.\n`;
  if (format === 'yaml') {
    return [{ name: `${name}.yaml`, content: `${head}${objects.map(yamlOf).join('---\n')}` }];
  }
  const files = objects.map((object) => ({ name: fileNameOf(object, name), content: `${head}${yamlOf(object)}` }));
  const base = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: files.map((file) => file.name),
  };
  return [{ name: kustomization, content: `${head}${yamlOf(base)}` }, ...files];
}

function fileNameOf({ kind, metadata }: KubernetesObject, name: string): string {
  const kindName = kind.replaceAll(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
  const own = metadata.name ?? name;
  // The names of a second Service and of the config map tell them apart.
  const suffix = own === name ? '' : own.startsWith(`${name}-`) ? own.slice(name.length) : `-${own}`;
  return `${kindName}${suffix}.yaml`;
}
