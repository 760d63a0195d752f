import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const program = `
import { evaluatePolicy, parsePolicy, strictPolicies } from ${JSON.stringify(new URL('../src/index.js', import.meta.url).href)};
try {
  parsePolicy('version=1.0;');
} catch (error) {
  console.log(error.code, error.kind, error.next.length > 20);
}
console.log(evaluatePolicy(parsePolicy(strictPolicies.SgxEnclave), { claims: [] }).permitted);
`;

// What bundlers choose for an enclave, and nothing.
for (const condition of ['default', 'enclos-inside']) {
  test(`errors are whole under the condition ${condition}`, () => {
    const flags = ['--conditions', condition, '--input-type=module', '--eval', program];
    const output = execFileSync(process.execPath, flags, { encoding: 'utf8' });
    assert.equal(output, 'CLAIM_RULES_SYNTAX usage true\nfalse\n');
  });
}
