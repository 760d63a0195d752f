import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planDeployment, type DeployInputs, type DeploySettings } from '../../src/index.ts';
import { base, find, objectsOf, podOf } from './planned.ts';

describe('what listens in a pod', () => {
  it('has host programs listen at every address of a pod, exactly when the pod declares ports', () => {
    const variable = (settings: Partial<DeploySettings>) =>
      podOf(settings).container.env?.find(({ name }) => name === 'ENCLOS_LISTEN_ADDRESS')?.value;
    assert.equal(variable({}), '0.0.0.0');
    assert.equal(variable({ profile: 'podman' }), '0.0.0.0');
    assert.equal(variable({ listen: [] }), undefined);
    assert.equal(variable({ enclave: 'none' }), undefined);
    assert.equal(variable({ env: { ENCLOS_LISTEN_ADDRESS: '::' } }), '::');
  });

  it('opens ports of this machine to others with a public service only, under podman', () => {
    const hostOf = (settings: Partial<DeploySettings>) =>
      podOf({ profile: 'podman', ...settings }).container.ports?.map(({ hostIP, hostPort }) => [hostIP, hostPort]);
    assert.deepEqual(hostOf({}), [['127.0.0.1', 8443]]);
    assert.deepEqual(hostOf({ service: { type: 'ClusterIP' } }), [['127.0.0.1', 8443]]);
    assert.deepEqual(hostOf({ service: { type: 'NodePort' } }), [[undefined, 8443]]);
    assert.deepEqual(hostOf({ profile: 'software' }), [[undefined, undefined]]);
    const note = (settings: Partial<DeploySettings>) =>
      planDeployment({ settings: { ...base, profile: 'podman', ...settings } }).notes.join(' ');
    assert.match(note({}), /which programs on it can reach\. "service": \{"type": "NodePort"\} opens them/);
    assert.match(note({ service: { type: 'LoadBalancer' } }), /Everyone who reaches this machine reaches the ports\./);
  });

  it('says in an annotation which ports end in the enclave, where that is known', () => {
    const said = (more: Partial<DeployInputs>, settings: Partial<DeploySettings> = {}) =>
      find(objectsOf(settings, more), 'Deployment').spec?.template.metadata?.annotations?.['dev.enclos.listen'];
    const listen = [
      { name: 'clients', port: 8443 },
      { name: 'admin', port: 8444 },
    ];
    assert.equal(said({}), undefined);
    assert.equal(said({ network: { listen, connect: [] } }), 'clients=8443,admin=8444');
    assert.equal(said({ network: { listen, connect: [] } }, { enclave: 'none' }), undefined);
  });

  it('believes the image about ports before enclave.json, and says when they differ', () => {
    const verified = {
      digest: `sha256:${'a1'.repeat(32)}`,
      enclave: { mrEnclave: '01'.repeat(32), mrSigner: '02'.repeat(32), productId: 1, securityVersion: 1 },
      network: { listen: [{ name: 'clients', port: 9443 }], connect: [] },
    };
    const { listen: _listen, ...settings } = base;
    const network = { listen: [{ name: 'clients', port: 8443 }], connect: [] };
    const plan = planDeployment({ settings, verified, network });
    const ports = find(plan.objects, 'Deployment').spec?.template.spec?.containers[0]?.ports;
    assert.deepEqual(
      ports?.map(({ containerPort }) => containerPort),
      [9443],
    );
    assert.match(plan.notes.join(' '), /The enclave in the image listens at other ports than enclave\.json says/);
    assert.deepEqual(planDeployment({ settings, verified, network: verified.network }).notes, []);
  });

  it('says how to name an image when there is none', () => {
    const { image: _image, ...settings } = base;
    assert.throws(() => planDeployment({ settings }), /There is no image\. .*--image NAME --image-layout PATH/);
    assert.throws(() => planDeployment({ settings, flags: { profile: 'podman' } }), /--image localhost\/app:TAG/);
  });

  it('asks a page over TLS where deploy.json says so', () => {
    const probe = (http: { port: string; path: string; scheme?: 'HTTP' | 'HTTPS' }) =>
      podOf({ probes: { readiness: { http } } }).container.readinessProbe;
    const page = { port: 'https', path: '/healthz' };
    assert.deepEqual(probe(page), { httpGet: page });
    assert.deepEqual(probe({ ...page, scheme: 'HTTPS' }), { httpGet: { scheme: 'HTTPS', ...page } });
  });
});
