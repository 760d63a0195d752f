import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createServerModel } from '@enclos/testkit';
import { canonicalQuantity } from '../../src/forms/canonical-quantity.ts';

describe('canonicalQuantity()', () => {
  it('is what Kubernetes 1.34 answered', () => {
    const answers = {
      '1000m': '1',
      '0.5': '500m',
      '1024Ki': '1Mi',
      '0.5Gi': '512Mi',
      '1.5Gi': '1536Mi',
      '1000': '1k',
      '1048576': '1048576',
      '1500M': '1500M',
      '2000M': '2G',
      '1e3': '1e3',
      '1E': '1E',
      '12e6': '12e6',
      '0.0001Ki': '102400u',
      '0.5Ki': '512',
      '5e-1': '500e-3',
      '0Mi': '0',
      '0.1n': '1n',
      '.5': '500m',
    };
    for (const [text, answer] of Object.entries(answers)) assert.equal(canonicalQuantity(text), answer, text);
    assert.equal(canonicalQuantity('0.5m', -3), '1m');
    assert.equal(canonicalQuantity('10MB'), undefined);
  });

  it('agrees with the model for any quantity', () => {
    const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'E2', 'e-2');
    const digits = fc.tuple(
      fc.nat(5000),
      fc.constantFrom('', '.', '.5', '.25', '.0001', '.0009765625', '000', '000000'),
    );
    fc.assert(
      fc.property(digits, suffix, ([whole, rest], unit) => {
        const text = `${whole}${rest}${unit}`;
        const limitsOf = (amount: string | undefined) => {
          const server = createServerModel();
          const container = { name: 'a', image: 'a:1', resources: { limits: { cpu: amount } } };
          const manifest = {
            kind: 'Deployment',
            metadata: { name: 'a' },
            spec: { template: { spec: { containers: [container] } } },
          };
          server.apply(manifest);
          return server.apply(manifest);
        };
        assert.deepEqual(limitsOf(canonicalQuantity(text, -3)), [], text);
      }),
    );
  });
});
