import assert from 'node:assert/strict';
import {
  pem,
  attestedCertificate,
  attestedForms,
  azureTdxScenario,
  otherAzureKey,
  scenario,
} from '@enclos/evidence-kit';
import { toHex } from '@enclos/codec';
import { chromium, contrastProblems, type Session, vectors } from '@enclos/testkit';
import { ConsolePage } from './console-page.ts';

const openAll = "document.querySelectorAll('details').forEach((part) => { part.open = true; })";

chromium.test('the evidence of an Azure VM is decoded, verified to its PCRs and appraised', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const { document, tdx, nonce } = azureTdxScenario();
  const collateral = console.file('collateral', JSON.stringify(tdx.collateral));
  const root = console.file('root', tdx.root.certificate);
  await console.setTime(tdx.at);
  await console.drop(console.file('evidence', document));
  assert.equal(await console.announcement(), 'Not verified yet: add its collateral');
  assert.match(await console.text('#entries'), /Evidence of an Azure VM \(JSON\)/);
  await console.drop(collateral, root);
  assert.equal(
    await console.announcement(),
    'Genuine, an Azure VM on TDX, up to date as of 2026-01-01. Nothing was appraised',
  );
  assert.match(await console.text('#result .summary'), /the paravisor for the key of its TPM/);
  const result = await console.text('#result');
  assert.match(result, /machine6332533D-5649-4D02-8AA7-8F64B7C3EE21/);
  assert.match(result, /secure bootyes/);
  assert.match(result, new RegExp(`nonce${toHex(nonce)}`));
  assert.match(result, /What was booted.*7(?:08){32}secure boot: its state and its keys/s);
  assert.match(result, /The hardware below.*MRTD/s);
  assert.match(await console.text('.steps'), /The TPM quote is signed by the attestation key/);
  assert.match(result, /30 of 30 steps passed/);
  assert.match(result, /qualifying data.*PCR selection.*PCR values/s);
  const policy = {
    tee: 'azure-vtpm',
    pcrs: { 7: ['08'.repeat(32)] },
    requireSecureBoot: true,
    hardware: {
      tee: 'tdx',
      acceptedStatuses: ['OK'],
      intelRoot: true,
      mrTd: ['00'.repeat(48)],
      rtmr0: 'any',
      rtmr1: 'any',
      rtmr2: 'any',
      rtmr3: 'any',
    },
  };
  await console.choose(console.file('policy', JSON.stringify(policy)));
  assert.match(await console.announcement(), /The policy does not accept it$/);
  assert.match(await console.text('#appraisal'), /The hardware policy.*Rule hardware\./s);
  await console.set('report-data', 'xyz');
  assert.equal(await console.announcement(), 'The expected nonce is not hex.');
  await console.set('report-data', '00');
  assert.match(await console.text('#appraisal'), /Rule binding/);
});

chromium.test('a machine whose quote another key signed is refused at that step, with what to do', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const { document, tdx } = azureTdxScenario({ quoteKey: otherAzureKey() });
  await console.setTime(tdx.at);
  const files = [JSON.stringify(tdx.collateral), tdx.root.certificate].map((text, index) =>
    console.file(`f${index}`, text),
  );
  await console.choose(console.file('evidence', document), ...files);
  assert.equal(await console.announcement(), 'Refused: it does not prove what it claims. Nothing was appraised');
  assert.match(await console.text('#result .summary'), /VTPM_INVALID_QUOTE_SIGNATURE.*another key than the one/s);
  assert.match(await console.text('.steps'), /failed The TPM quote is signed/);
});

chromium.test('an HCL report alone says what is not known', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  await console.choose(console.file('hcl', azureTdxScenario().hclReport));
  assert.match(await console.announcement(), /^Not verified yet: add the whole evidence/);
  assert.match(await console.text('#result'), /TDREPORT.*Runtime data.*HCLAkPub/s);
});

chromium.test('a certificate with evidence is unpacked, and tied to its key or not', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const { id, reportData, wrap } = attestedForms().tagged;
  const { quote, collateral, root, at } = scenario({ report: { reportData } });
  const server = pem(attestedCertificate({ id, value: wrap(quote) }));
  await console.setTime(at);
  await console.choose(
    console.file('c', JSON.stringify(collateral)),
    console.file('r', root.certificate),
    console.file('s', server),
  );
  assert.match(await console.announcement(), /^Genuine, up to date/);
  assert.match(await console.text('#entries'), /TLS certificate with: Quote/);
  assert.match(await console.text('#result'), /2\.23\.133\.5\.4\.9.*the key is the attested one✓yes/s);
  assert.match(await console.text('.steps'), /The evidence vouches for the key of the certificate/);
  await console.paste(pem(attestedCertificate({ id, value: wrap(scenario().quote) })));
  assert.match(await console.announcement(), /^Refused/);
  assert.match(await console.text('#result'), /CERTIFICATE_KEY_NOT_BOUND.*the key is the attested one✕no/s);
});

for (const scheme of ['light', 'dark']) {
  chromium.test(
    `machines and certificates can be read on their ground, also in a narrow window (${scheme})`,
    async (page, t) => {
      await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
      await page.send('Emulation.setDeviceMetricsOverride', {
        width: 320,
        height: 640,
        deviceScaleFactor: 1,
        mobile: true,
      });
      const console = await ConsolePage.open(page, t);
      const { id, reportData, wrap } = attestedForms().cmw;
      const { document, tdx } = azureTdxScenario({
        nonce: reportData,
        runtime: (good) => ({ ...good, 'vm-configuration': {} }),
      });
      await console.setTime(tdx.at);
      const files = [JSON.stringify(tdx.collateral), tdx.root.certificate].map((text, index) =>
        console.file(`f${index}`, text),
      );
      await console.choose(...files, console.file('s', attestedCertificate({ id, value: wrap(document) })));
      assert.match(await console.announcement(), /^Genuine, an Azure VM on TDX/);
      assert.match(
        await console.text('#result .summary'),
        /does not boot securely, or does not say so.*serial console/s,
      );
      await page.evaluate(openAll);
      assert.deepEqual(await page.evaluate(contrastProblems), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);
    },
  );
}

(vectors.available ? chromium.test : vectors.test)(
  'a real machine on SEV-SNP is verified under AMD’s root',
  async (page?: Session, t?: Parameters<Parameters<typeof chromium.test>[1]>[1]) => {
    assert.ok(page !== undefined && t !== undefined);
    const console = await ConsolePage.open(page, t);
    await console.setTime(new Date('2025-06-01T00:00:00Z'));
    const file = (name: string): string => console.file(name, vectors.read(`azure-vtpm/attestation-rs/az_snp/${name}`));
    await console.choose(file('evidence-v1.json'));
    assert.match(await console.announcement(), /add the certificates of AMD’s authority and root$/);
    const chain = ['ask', 'ark'].map((name) =>
      console.file(name, vectors.read(`snp/attestation-rs/certs/milan/${name}.der`)),
    );
    await console.choose(...chain);
    assert.equal(await console.announcement(), 'Genuine, an Azure VM on SEV-SNP, Milan. Nothing was appraised');
    assert.match(await console.text('#result'), /nonce6368616c6c656e6765/);
    await console.choose(file('hcl-report.bin'), file('vcek.pem'));
    assert.match(await console.text('#result .summary'), /What the machine booted is not known/);
  },
);
