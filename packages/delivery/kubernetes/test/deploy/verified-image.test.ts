import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { planDeployment, renderDeployment, type DeploySettings } from '../../src/index.ts';

const enclave = {
  mrEnclave: '01'.repeat(32),
  mrSigner: '02'.repeat(32),
  productId: 1,
  securityVersion: 2,
  debug: false,
};
const digest = `sha256:${'b2'.repeat(32)}`;
const base: DeploySettings = {
  name: 'app',
  image: 'registry.example:5000/app:1.2',
  resources: { 'sgx.intel.com/epc': '64Mi' },
};

function written(settings: Partial<DeploySettings>, changes: Partial<typeof enclave> = {}): string {
  const verified = { digest, enclave: { ...enclave, ...changes } };
  const plan = planDeployment({ settings: { ...base, ...settings }, verified });
  return renderDeployment(plan, 'yaml')
    .map(({ content }) => content)
    .join('');
}

function refuses(code: ErrorCode, expected: RegExp, ...given: Parameters<typeof written>): void {
  assert.throws(
    () => written(...given),
    (error) => isEnclosError(error, code) && expected.test(error.message),
  );
}

describe('an image that was verified', () => {
  it('is named by its digest, and has its enclave in annotations', () => {
    const text = written({});
    assert.ok(text.includes(`image: registry.example:5000/app@${digest}\n`), text);
    assert.ok(text.includes(`dev.enclos.mrenclave: "${enclave.mrEnclave}"\n`), text);
    assert.ok(written({ profile: 'podman' }).includes('image: registry.example:5000/app:1.2\n'));
  });

  it('may be what the settings say', () => {
    const { debug: _debug, ...said } = enclave;
    assert.equal(written({ enclave: said, image: `registry.example:5000/app@${digest}` }), written({}));
    assert.doesNotMatch(written({ enclave: 'none' }), /mrenclave/);
  });

  it('is refused when the settings say another', () => {
    const image = `registry.example/app@sha256:${'a1'.repeat(32)}`;
    refuses('DEPLOY_SETTINGS_INVALID', /is another one/, { image });
    const older = { ...enclave, securityVersion: 1 };
    refuses('DEPLOY_SETTINGS_INVALID', /securityVersion 1; in the image it is 2/, { enclave: older });
    refuses('DEPLOY_SETTINGS_INVALID', /debug false; in the image it is true/, { enclave }, { debug: true });
  });

  it('is refused for hardware when it holds a debug enclave', () => {
    refuses('DEPLOY_PROFILE_UNFIT', /debug enclave/, { profile: 'sgx' }, { debug: true });
  });
});
