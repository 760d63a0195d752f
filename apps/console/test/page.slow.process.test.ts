import assert from 'node:assert/strict';
import { ftruncateSync, openSync, closeSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { exampleSgxReport, scenario, type ScenarioChanges, type TcbInfoJson } from '@enclos/evidence-kit';
import { softwareRoot } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { chromium, contrastProblems, vectors, type Session } from '@enclos/testkit';
import { ConsolePage } from './console-page.ts';
import { policyFor } from './example-policy.ts';

interface Files {
  readonly quote: string;
  readonly collateral: string;
  readonly root: string;
  readonly at: Date;
}

function write(page: ConsolePage, changes: ScenarioChanges = {}): Files {
  const { quote, collateral, root, at } = scenario(changes);
  return {
    quote: page.file('evidence', quote),
    collateral: page.file('endorsements', JSON.stringify(collateral)),
    root: page.file('authority', root.certificate),
    at,
  };
}

/** Requests to anything but the page's own files, and what its policy refused or its script said. */
function complaints(page: Session): readonly unknown[] {
  return page.events
    .filter(({ method, params }) => {
      if (method === 'Network.requestWillBeSent') {
        const { url } = params['request'] as { url: string };
        // The sign in the control for dates is the browser's own.
        return !/^data:image\/svg|^http:\/\/127\.0\.0\.1:\d+\/(?:|(?:console|example|page)\.(?:js|css)|icon\.svg)$/.test(
          url,
        );
      }
      return ['Log.entryAdded', 'Runtime.exceptionThrown', 'Runtime.consoleAPICalled'].includes(method);
    })
    .map(({ params }) => params);
}

chromium.test(
  'a dropped quote with its collateral and root is verified; nothing is asked of a network',
  async (page, t) => {
    const console = await ConsolePage.open(page, t);
    assert.equal(await console.announcement(), 'Not verified yet: add a quote or a report and its collateral');
    const { quote, collateral, root, at } = write(console);
    await console.setTime(at);
    await console.drop(quote, collateral, root);
    assert.equal(await console.announcement(), 'Genuine, up to date as of 2026-01-01. Nothing was appraised');
    assert.match(await console.text('#result .summary'), /owner of the machine can read what is inside/);
    assert.match(await console.text('#appraisal'), /Genuine evidence of any code looks like this/);
    assert.match(await console.text('.facts'), new RegExp(toHex(exampleSgxReport.mrEnclave)));
    assert.match(await console.text('.steps'), /passed/);
    assert.deepEqual(complaints(page), []);
  },
);

chromium.test('the same by the button and by pasting; each thing can be taken back', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const { collateral, root, at } = write(console);
  await console.setTime(at);
  await console.choose(collateral, root);
  assert.equal(await console.announcement(), 'Not verified yet: add a quote or a report');
  await console.paste(`0x${toHex(scenario({}).quote)}`);
  assert.match(await console.announcement(), /^Genuine, up to date/);
  await page.evaluate(
    "[...document.querySelectorAll('#entries button')].find(b => b.ariaLabel === 'Remove authority').click()",
  );
  await page.until("document.querySelector('#announcement').textContent.startsWith('Refused')");
  assert.match(await console.text('#result .summary'), /SGX_PCK_CERT_CHAIN_UNTRUSTED.*root certificate/s);
  assert.equal(await page.evaluate('document.activeElement.id'), 'paste');
});

chromium.test('a short component, expired collateral and a debug enclave are said', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const { quote, collateral, root } = write(console, {
    platform: 'earliest',
    report: { attributes: { flags: 7n, xfrm: 3n } },
  });
  await console.setTime(new Date('2035-01-01T00:00:00Z'));
  await console.choose(quote, collateral, root);
  assert.match(
    await console.announcement(),
    /^Genuine, out of date as of 2026-01-01, by collateral that was not in force\./,
  );
  assert.match(await console.text('#result .summary'), /collateral is expired.*/s);
  assert.match(await console.text('#result .summary'), /A debugger can read its memory/);
  assert.match(await console.text('#result'), /SGX TCB component 1has 3, needs 5/);
  assert.match(await console.text('#result'), /expired for \d+ (?:days|years)/);
});

chromium.test(
  'collateral that begins later than the chosen time leaves no good sign above the steps',
  async (page, t) => {
    const console = await ConsolePage.open(page, t);
    const { quote, collateral, root } = write(console);
    await console.setTime(new Date('2020-01-01T00:00:00Z'));
    await console.choose(quote, collateral, root);
    assert.match(
      await console.announcement(),
      /^Genuine, up to date as of 2026-01-01, by collateral that was not in force\./,
    );
    const count = (selector: string): Promise<unknown> =>
      page.evaluate(`document.querySelectorAll('${selector} [data-grade="good"]').length`);
    assert.deepEqual([await count('#result .summary'), await count('#status')], [0, 0]);
    assert.match(await console.text('#result'), /not in force The dates of all collateral are compared/);
  },
);

chromium.test('a policy is applied, and the report data bound', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const { quote, collateral, root, at } = write(console);
  const { fingerprint } = await softwareRoot(scenario({}).root.certificate);
  const rules = policyFor(fingerprint);
  await console.setTime(at);
  await console.choose(quote, collateral, root, console.file('rules', JSON.stringify(rules)));
  assert.match(await console.announcement(), /The policy accepts it$/);
  assert.match(await console.text('#appraisal'), /bound to nothing/);
  await console.set('report-data', toHex(exampleSgxReport.reportData));
  assert.match(await console.text('#appraisal'), /report data is the expected one/);
  await console.set('report-data', '00'.repeat(64));
  assert.match(await console.announcement(), /The policy does not accept it$/);
  await console.set('report-data', '00');
  assert.equal(await console.announcement(), 'The expected report data is not 64 bytes of hex.');
  assert.equal(await console.text('#result .summary'), '');
});

chromium.test('a click shows an example, and nothing of it stays beside what is added after it', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  await console.press('example');
  assert.equal(await console.announcement(), 'Genuine, up to date as of 2026-01-01. The policy accepts it');
  assert.match(await console.text('#entries'), /Example: the root of the platform/);
  assert.equal(await page.evaluate("document.querySelector('#time-chosen').checked"), true);
  const { quote, collateral } = write(console);
  await console.choose(quote, collateral);
  // Its root is gone, and its time.
  assert.match(await console.announcement(), /^Refused/);
  assert.doesNotMatch(await console.text('#entries'), /Example/);
  assert.equal(await page.evaluate("document.querySelector('#time-now').checked"), true);
  await console.press('example');
  await console.press('example');
  assert.equal(await page.evaluate("document.querySelectorAll('#entries li').length"), 4);
  assert.deepEqual(complaints(page), []);
});

chromium.test('on a phone the result comes first as soon as something was added', async (page, t) => {
  const phone = { width: 375, height: 667, deviceScaleFactor: 2, mobile: true };
  await page.send('Emulation.setDeviceMetricsOverride', phone);
  const console = await ConsolePage.open(page, t);
  const top = async (selector: string): Promise<number> =>
    Number(await page.evaluate(`document.querySelector('${selector}').getBoundingClientRect().top`));
  assert.ok((await top('.inputs')) < (await top('.outcome')), 'first what to do');
  await page.evaluate('scrollTo(0, 2000)');
  await console.press('example');
  assert.ok((await top('.outcome')) < (await top('.inputs')));
  const headline = await top('.headline');
  assert.ok(headline > 0 && headline < 667, `the verdict is at ${headline}, out of sight`);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 375);
});

chromium.test('nonsense in the time is no default', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  await console.set('time', '');
  assert.equal(await console.announcement(), 'Choose the time of verification, in UTC.');
});

const markup = '<img src=x onerror="document.title=\'run\'"><script>document.title="run"</script>';

chromium.test('markup and invisible characters in evidence stay text', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const advisory = `<b>${'x'.repeat(40)}</b>`;
  const turned = 'BIOS \u{202e}SOIB\u{200b}';
  const tcbInfo = (good: TcbInfoJson): unknown => ({
    ...good,
    tcbLevels: good.tcbLevels.map(({ tcb, ...level }) => ({
      ...level,
      advisoryIDs: [advisory],
      tcb: {
        ...tcb,
        sgxtcbcomponents: tcb.sgxtcbcomponents.map((component) => ({ ...component, category: turned, type: '<i>' })),
      },
    })),
  });
  const { quote, collateral, root, at } = write(console, { platform: 'earliest', tcbInfo });
  await console.setTime(at);
  await console.choose(quote, collateral, root);
  assert.match(await console.announcement(), /^Genuine/);
  const text = await console.text('#result');
  assert.ok(text.includes(advisory));
  assert.ok(text.includes('BIOS \\u{202e}SOIB\\u{200b}'));
  // A name of a file, a text and members of collateral.
  await console.choose(console.file('<img src=x onerror=alert(1)>', markup));
  await console.paste(markup);
  await console.paste(JSON.stringify({ tcb_info: markup, [markup]: markup, root_ca_crl: markup }));
  assert.match(await console.text('#entries'), /<img src=x onerror=alert\(1\)>/);
  assert.match(await console.announcement(), /^The collateral cannot be read/);
  const made = "document.querySelectorAll('#result :is(img, script, i, b), #entries :is(img, script, i, b)').length";
  assert.equal(await page.evaluate(made), 0);
  assert.equal(await page.evaluate('document.title'), 'Enclos console: verify evidence');
  assert.deepEqual(complaints(page), []);
});

chromium.test('a file of 100 MB is not opened, a cut quote is explained to its end', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const large = console.file('large', '');
  const descriptor = openSync(large, 'r+');
  ftruncateSync(descriptor, 100_000_000);
  closeSync(descriptor);
  await console.choose(large);
  assert.match(await console.text('#entries'), /95\.4 MiB, and nothing over 4 MiB is opened/);
  const { collateral, root, at } = write(console);
  await console.setTime(at);
  await console.choose(collateral, root, console.file('cut', scenario({}).quote.subarray(0, 500)));
  assert.match(await console.announcement(), /^Refused: it does not prove what it claims/);
  assert.match(await console.text('#result .summary'), /UNSUPPORTED_QUOTE_FORMAT/);
  assert.match(await console.text('#result'), /bytes wanted, \d+ are left/);
  assert.match(await console.text('.steps'), /not reached/);
});

chromium.test('hundreds of files at once and a folder are no trouble', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const files = Array.from({ length: 200 }, (_, index) => console.file(`file ${index}`, `text ${index}!`));
  await console.choose(...files);
  assert.match(await console.text('#entries'), /Only the first 16 of 200 files were read/);
  assert.ok(Number(await page.evaluate("document.querySelectorAll('#entries li').length")) <= 32);
});

chromium.test('it can be used by keyboard, and every control has a name', async (page, t) => {
  const console = await ConsolePage.open(page, t);
  const { quote, collateral, root, at } = write(console);
  await console.setTime(at);
  await console.choose(quote, collateral, root);
  await page.evaluate('document.activeElement.blur()');
  const reached = new Set<string>();
  for (let count = 0; count < 40; count++) {
    const key = { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 };
    await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...key });
    await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
    reached.add(String(await page.evaluate('document.activeElement.id || document.activeElement.tagName')));
  }
  for (const wanted of [
    'files',
    'paste',
    'root-intel',
    'root-amd',
    'trailing',
    'report-data',
    'time',
    'SUMMARY',
    'BUTTON',
  ]) {
    assert.ok(reached.has(wanted), `${wanted} of ${[...reached].join(', ')}`);
  }
  await page.send('Accessibility.enable');
  const { nodes } = (await page.send('Accessibility.getFullAXTree')) as {
    nodes: readonly { ignored: boolean; role?: { value: string }; name?: { value: string } }[];
  };
  const controls = ['button', 'textbox', 'checkbox', 'radio', 'link', 'group'];
  const unnamed = nodes.filter(
    ({ ignored, role, name }) => !ignored && controls.includes(role?.value ?? '') && name?.value === '',
  );
  // Chromium counts the parts of a date and the frame of a disclosure as groups without a name.
  assert.deepEqual(
    unnamed.filter(({ role }) => role?.value !== 'group'),
    [],
  );
  assert.ok(nodes.some(({ role, name }) => role?.value === 'button' && /Remove/.test(name?.value ?? '')));
});

for (const scheme of ['light', 'dark']) {
  chromium.test(`every text can be read on its ground (${scheme})`, async (page, t) => {
    await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    const console = await ConsolePage.open(page, t);
    const { quote, collateral, root, at } = write(console, { platform: 'earliest' });
    await console.setTime(at);
    await console.choose(quote, collateral, root, console.file('other', 'no evidence!'));
    await page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })");
    assert.deepEqual(await page.evaluate(contrastProblems), []);
    await console.choose(console.file('cut', scenario({}).quote.subarray(0, 500)));
    await page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })");
    assert.deepEqual(await page.evaluate(contrastProblems), []);
  });
}

chromium.test('a narrow window shows everything without scrolling sideways', async (page, t) => {
  await page.send('Emulation.setDeviceMetricsOverride', {
    width: 320,
    height: 640,
    deviceScaleFactor: 1,
    mobile: true,
  });
  const console = await ConsolePage.open(page, t);
  const { quote, collateral, root, at } = write(console, { kind: 'tdx-v5-td15ex', platform: 'earliest' });
  await console.setTime(at);
  await console.choose(quote, collateral, root);
  await page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })");
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);
});

chromium.test('the page works from a disk, without a server', async (page) => {
  await page.open(pathToFileURL(fileURLToPath(new URL('../site/index.html', import.meta.url))).href);
  await page.until("document.querySelector('#announcement').textContent.startsWith('Not verified yet')");
});

(vectors.available ? chromium.test : vectors.test)(
  'real quotes of SGX and TDX are verified under Intel’s root',
  async (page?: Session, t?: Parameters<Parameters<typeof chromium.test>[1]>[1]) => {
    assert.ok(page !== undefined && t !== undefined);
    const console = await ConsolePage.open(page, t);
    for (const [name, headline] of [
      ['sgx-v3-swhardening', 'Genuine, software hardening needed'],
      ['tdx-v5-td-relaunch-advised', 'Genuine, relaunch advised'],
      ['tdx-v5-tcb-not-supported', 'Genuine, below every known level'],
      ['tdx-v4-uptodate', 'Genuine, up to date'],
    ] as const) {
      const read = (file: string): Uint8Array => vectors.read(`dcap/vectors/${name}/${file}`);
      const { at } = JSON.parse(new TextDecoder().decode(read('expected.json'))) as { at: string };
      await console.setTime(new Date(at));
      await console.choose(console.file('q', read('quote.bin')), console.file('c', read('collateral.json')));
      const announced = await console.announcement();
      assert.match(announced, new RegExp(`^${headline} as of 20\\d\\d-\\d\\d-\\d\\d\\. Nothing was appraised$`), name);
    }
  },
);

(vectors.available ? chromium.test : vectors.test)(
  'real SEV-SNP reports are verified under AMD’s roots',
  async (page?: Session, t?: Parameters<Parameters<typeof chromium.test>[1]>[1]) => {
    assert.ok(page !== undefined && t !== undefined);
    const console = await ConsolePage.open(page, t);
    await console.setTime(new Date('2025-06-01T00:00:00Z'));
    const file = (path: string): string => console.file(path.replaceAll('/', '-'), vectors.read(`snp/${path}`));
    const folder = 'attestation-rs';
    await console.choose(file(`${folder}/test-report.bin`), file(`${folder}/test-vcek.der`));
    assert.match(await console.announcement(), /add the certificates of AMD’s authority and root/);
    await console.choose(file(`${folder}/certs/milan/ask.der`), file(`${folder}/certs/milan/ark.der`));
    assert.equal(await console.announcement(), 'Genuine, an SEV-SNP guest on Milan. Nothing was appraised');
    assert.match(await console.text('#result .summary'), /it is not known whether a certificate is revoked/);
    assert.match(await console.text('.steps'), /The report is signed by the certified key/);
    assert.match(await console.text('#result'), /reported TCBbootloader \d+, tee \d+, snp \d+, microcode \d+/);
    await console.choose(file(`${folder}/test-vlek-report.bin`));
    assert.match(await console.text('#result .summary'), /SNP_SIGNING_KEY_MISMATCH|SNP_/);
    assert.match(await console.announcement(), /^Refused/);
    assert.deepEqual(complaints(page), []);
  },
);
