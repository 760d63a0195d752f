import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planDeployment, renderDeployment } from '@enclos/kubernetes';
import { atMost, type Figure } from './harness/figures.ts';
import { median, time } from './harness/statistics.ts';

const documents = 5000;
const rounds = 5;
const mostSeconds = 2;
const command = fileURLToPath(new URL('../../../../packages/cli/bin/enclos.js', import.meta.url));

/** `enclos lint` over a cluster in one file, from the start of its process to its end. */
export async function benchLint(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-bench-lint-'));
  try {
    const good = cluster();
    // A finding in every document that has metadata: all of them.
    const bad = good.replaceAll(/^metadata:$/gm, 'metadata:\n  nmae: typo');
    return [
      await figure(join(folder, 'good.yaml'), good, 'nothing to find'),
      await figure(join(folder, 'bad.yaml'), bad, 'a finding in each'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `enclos deploy` writes for as many applications as it takes. */
function cluster(): string {
  const parts: string[] = [];
  let count = 0;
  for (let index = 0; count < documents; index++) {
    const plan = planDeployment({
      settings: {
        name: `app-${index}`,
        image: `registry.example/app@sha256:${'a1'.repeat(32)}`,
        profile: 'aks-sgx',
        replicas: 2,
        resources: { 'sgx.intel.com/epc': '10Mi', memory: '256Mi' },
        listen: [{ name: 'https', port: 8443 }],
      },
    });
    parts.push(...renderDeployment(plan, 'yaml').map(({ content }) => content));
    count += plan.objects.length;
  }
  return parts.join('---\n');
}

async function figure(file: string, text: string, what: string): Promise<Figure> {
  writeFileSync(file, text);
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    samples.push(await time(() => run(file)));
  }
  const seconds = median(samples) / 1000;
  return {
    what: `lint: ${documents} documents, ${(text.length / 1e6).toFixed(1)} MB, ${what}`,
    ours: `${seconds.toFixed(2)} s`,
    bound: atMost(mostSeconds, seconds, ' s'),
  };
}

/** The exit code says whether there were findings, which is no failure here. */
function run(file: string): void {
  try {
    execFileSync(process.execPath, [command, 'lint', file], { stdio: 'ignore' });
  } catch (error) {
    if (!(error instanceof Error && 'status' in error && error.status === 2)) throw error;
  }
}
