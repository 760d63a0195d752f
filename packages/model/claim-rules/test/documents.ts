import { vectors } from '@enclos/testkit';

/** A page of Azure's documentation, as it was published. */
function pageOf(name: string): string {
  return new TextDecoder().decode(vectors.read(`maa/docs/${name}`));
}

function blocksOf(name: string): readonly string[] {
  return [...pageOf(name).matchAll(/^[ \t]*```[^\n]*\n([^]*?)^[ \t]*```/gm)].map(([, block = '']) => block);
}

/** The policies on a page, in their order. */
export function policiesOn(name: string): readonly string[] {
  return blocksOf(name).filter((block) => /^\s*version\s*=/.test(block));
}

/** The single rules on a page. */
export function rulesOn(name: string): readonly string[] {
  return blocksOf(name).filter((block) => block.includes('=>') && !/version\s*=|=> Action/.test(block));
}

/** The policies in the JWS on a page: payload {"AttestationPolicy": base64url}. */
export function signedPoliciesOn(name: string): readonly string[] {
  return blocksOf(name).flatMap((block) => {
    const [, payload] = /^\s*eyJ[\w-]+\.([\w-]+)\.[\w-]*\s*$/.exec(block) ?? [];
    if (payload === undefined) return [];
    const { AttestationPolicy: policy } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
      readonly AttestationPolicy: string;
    };
    return [Buffer.from(policy, 'base64url').toString()];
  });
}

/** The rules in the table of version 1.2, by what they are about. */
export function rulesOfTheTable(): ReadonlyMap<string, string> {
  const rows = pageOf('policy-version-1-2.md').matchAll(/^\| *([A-Z][^|]*?) *\|[^|]*\|(.*)\|\s*$/gm);
  const rules = new Map<string, string>();
  for (const [, name = '', cell = ''] of rows) {
    if (!cell.includes('=>')) continue;
    // Each line is a code span of its own, in which a bar is escaped.
    const lines = cell.split('<br>').map((line) => line.trim().replace(/^`|`$/g, '').replaceAll('\\|', '|'));
    rules.set(name.trim(), lines.join('\n'));
  }
  return rules;
}
