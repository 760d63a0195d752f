import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { amdKds, azureAmd, azureThim, intelPcs, itemRequest, pccs, type Source } from '../src/index.ts';

const tcb = itemRequest('tcb-info', { tee: 'sgx', fmspc: '00906ed50000', baseline: 'standard' });
const tdxTcb = itemRequest('tcb-info', { tee: 'tdx', fmspc: 'b0c06f000000', baseline: 17 });
const identity = itemRequest('qe-identity', { tee: 'tdx', baseline: 'early' });
const standardIdentity = itemRequest('qe-identity', { tee: 'sgx', baseline: 'standard' });
const numbers = itemRequest('evaluation-numbers', { tee: 'tdx' });
const pckCrl = itemRequest('pck-crl', { ca: 'platform' });
const rootCrl = itemRequest('root-crl');
const tcbSvn = { cpusvn: '01'.repeat(16), pcesvn: '0b00', pceid: '0000' };
const pck = itemRequest('pck-certificate', { ...tcbSvn, 'encrypted-ppid': 'ab'.repeat(384), qeid: '22'.repeat(16) });
const intelPlace = { distributionPoint: 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der' };
const milan = { product: 'Milan', 'signing-key': 'vcek' };
const vcek = itemRequest('snp-certificate', { ...milan, hwid: 'c3'.repeat(64), bl: 3, tee: 0, snp: 8, ucode: 115 });
const turin = itemRequest('snp-certificate', {
  product: 'Turin',
  'signing-key': 'vcek',
  hwid: '59'.repeat(8),
  fmc: 1,
  bl: 1,
  tee: 1,
  snp: 4,
  ucode: 81,
});

const urlOf = (source: Source, ...given: Parameters<Source['route']>): string => source.route(...given).url.href;
const throws = (code: ErrorCode, attempt: () => unknown, what?: string): void =>
  assert.throws(attempt, (error) => isEnclosError(error, code), what);

test('the addresses of Intel', () => {
  const source = intelPcs({ apiKey: 'secret' });
  const base = 'https://api.trustedservices.intel.com';
  assert.equal(source.id, `pcs ${base}`);
  assert.equal(urlOf(source, tcb, {}), `${base}/sgx/certification/v4/tcb?fmspc=00906ed50000&update=standard`);
  assert.equal(
    urlOf(source, tdxTcb, {}),
    `${base}/tdx/certification/v4/tcb?fmspc=b0c06f000000&tcbEvaluationDataNumber=17`,
  );
  assert.equal(urlOf(source, identity, {}), `${base}/tdx/certification/v4/qe/identity?update=early`);
  assert.equal(urlOf(source, numbers, {}), `${base}/tdx/certification/v4/tcbevaluationdatanumbers`);
  assert.equal(urlOf(source, pckCrl, {}), `${base}/sgx/certification/v4/pckcrl?ca=platform&encoding=der`);
  assert.equal(urlOf(source, rootCrl, intelPlace), intelPlace.distributionPoint);
  assert.deepEqual(source.route(pck, {}).headers, { 'Ocp-Apim-Subscription-Key': 'secret' });
  assert.match(urlOf(source, pck, {}), /pckcert\?encrypted_ppid=(?:ab){384}&cpusvn=(?:01){16}&pcesvn=0b00&pceid=0000$/);
  // The key is for the one thing that needs it.
  assert.equal(source.route(tcb, {}).headers, undefined);
});

test('a certificate sends nobody to another host for the revocation list of the root', () => {
  for (const distributionPoint of [
    'https://example.invalid/IntelSGXRootCA.der',
    'http://certificates.trustedservices.intel.com/IntelSGXRootCA.der',
    'https://certificates.trustedservices.intel.com:8443/IntelSGXRootCA.der',
    'https://certificates.trustedservices.intel.com@example.invalid/x',
    'https://user@certificates.trustedservices.intel.com/x',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'nothing',
    undefined,
  ]) {
    const context = distributionPoint === undefined ? {} : { distributionPoint };
    throws('ENDORSEMENTS_ANSWER_INVALID', () => intelPcs().route(rootCrl, context), distributionPoint);
  }
  const own = intelPcs({ url: 'http://127.0.0.1:8081' });
  const distributionPoint = 'http://127.0.0.1:8081/enclos/root.crl';
  assert.equal(urlOf(own, rootCrl, { distributionPoint }), distributionPoint);
});

test('the addresses of a PCCS, below a path as well', () => {
  const source = pccs({ url: 'https://pccs.example:8081/cache/' });
  assert.equal(source.id, 'pccs https://pccs.example:8081/cache');
  assert.equal(urlOf(source, rootCrl, intelPlace), 'https://pccs.example:8081/cache/sgx/certification/v4/rootcacrl');
  assert.match(urlOf(source, pck, {}), /pckcert\?qeid=2{32}&encrypted_ppid=(?:ab){384}&cpusvn=/);
  assert.match(urlOf(source, identity, {}), /^https:\/\/pccs\.example:8081\/cache\/tdx\/certification\/v4\/qe/);
});

test('the addresses of Azure: everywhere, on the virtual machine, and of a region', () => {
  const client = 'clientid=production_client&api-version=2018-10-01-preview';
  const global = azureThim({ place: 'global' });
  const base = 'https://global.acccache.azure.net/sgx/certification/v4';
  assert.equal(urlOf(global, tcb, {}), `${base}/tcb?fmspc=00906ed50000&${client}`);
  assert.equal(urlOf(global, standardIdentity, {}), `${base}/qe/identity?${client}`);
  const point = encodeURIComponent(
    'https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der',
  );
  assert.equal(urlOf(global, pckCrl, {}), `${base}/pckcrl?uri=${point}&${client}`);
  assert.equal(
    urlOf(global, rootCrl, intelPlace),
    `${base}/pckcrl?uri=${encodeURIComponent(intelPlace.distributionPoint)}&${client}`,
  );
  assert.match(urlOf(global, pck, {}), /pckcert\?qeid=.*&api-version=2021-07-22-preview$/);

  const host = azureThim({ place: 'host' });
  const route = host.route(tcb, {});
  assert.match(route.url.href, /^http:\/\/169\.254\.169\.254\/metadata\/THIM\/sgx\/certification\/v4\/tcb\?fmspc=/);
  assert.deepEqual(route.headers, { Metadata: 'true' });

  const region = azureThim({ place: 'useast2' });
  const standard = itemRequest('tcb-info', { tee: 'tdx', fmspc: 'b0c06f000000', baseline: 'standard' });
  assert.equal(
    urlOf(region, standard, {}),
    `https://useast2.thim.azure.net/tdx/certification/v4/tcb?fmspc=b0c06f000000&${client}`,
  );
  assert.equal(urlOf(region, rootCrl, {}), `https://useast2.thim.azure.net/sgx/certification/v4/rootcacrl?${client}`);
  throws('ENDORSEMENTS_REQUEST_INVALID', () => global.route(standard, {}), 'TDX is with the regions alone');
  for (const request of [identity, tdxTcb, numbers]) {
    throws('ENDORSEMENTS_REQUEST_INVALID', () => region.route(request, {}), request.text);
  }
});

test('the addresses of AMD', () => {
  const source = amdKds();
  const base = 'https://kdsintf.amd.com';
  assert.equal(
    urlOf(source, vcek, {}),
    `${base}/vcek/v1/Milan/${'c3'.repeat(64)}?blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=115`,
  );
  assert.equal(
    urlOf(source, turin, {}),
    `${base}/vcek/v1/Turin/${'59'.repeat(8)}?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81`,
  );
  assert.equal(urlOf(source, itemRequest('snp-chain', milan), {}), `${base}/vcek/v1/Milan/cert_chain`);
  const vlek = { product: 'Genoa', 'signing-key': 'vlek' };
  assert.equal(urlOf(source, itemRequest('snp-crl', vlek), {}), `${base}/vlek/v1/Genoa/crl`);
  const host = azureAmd();
  assert.equal(urlOf(host, vcek, {}), 'http://169.254.169.254/metadata/THIM/amd/certification');
  assert.equal(urlOf(host, itemRequest('snp-crl', milan), {}), `${base}/vcek/v1/Milan/crl`);
  assert.equal(host.route(itemRequest('snp-crl', milan), {}).headers, undefined);
});

test('a source refuses what it does not have', () => {
  throws('ENDORSEMENTS_REQUEST_INVALID', () => amdKds().route(tcb, {}));
  throws('ENDORSEMENTS_REQUEST_INVALID', () => intelPcs().route(vcek, {}));
  throws('ENDORSEMENTS_REQUEST_INVALID', () => azureThim({ place: 'global' }).route(vcek, {}));
});

test('addresses are https, or of this machine, and have nothing else in them', () => {
  for (const url of [
    'http://pccs.example',
    'http://10.0.0.1',
    'http://127.0.0.1.example',
    'http://localhost.example',
    'ftp://127.0.0.1',
    'https://user:password@pccs.example',
    'https://pccs.example/?x=1',
    'https://pccs.example/#x',
    'pccs.example',
    '',
  ]) {
    throws('ENDORSEMENTS_REQUEST_INVALID', () => pccs({ url }), url);
  }
  for (const url of ['http://127.9.9.9:1', 'http://[::1]:8081', 'http://localhost', 'https://pccs.example']) {
    assert.ok(pccs({ url }).id.startsWith('pccs '));
  }
  throws('ENDORSEMENTS_REQUEST_INVALID', () => azureThim({ place: 'evil.example/' }));
  throws('ENDORSEMENTS_REQUEST_INVALID', () => intelPcs({ apiKey: 'a\r\nHost: x' }));
});
