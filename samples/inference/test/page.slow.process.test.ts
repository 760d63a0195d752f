import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext } from 'node:test';
import { chromium, contrastProblems, type Session } from '@enclos/testkit';
import type { RunningService } from '@enclos/inference-service';
import { createStory } from '@enclos/sample-vault/story';
import { startPlatform, type EmbeddedPlatform } from '@enclos/software-sgx';
import { hostBetween, type HostBetween } from '../src/demo/host-between.ts';
import { openPage } from '../src/demo/page.ts';
import type { Trust } from '../src/demo/scene.ts';
import { buildService, collectModels, startService } from '../src/demo/service.ts';
import { decideTrust } from '../src/demo/trust.ts';
import { forwardTo, type ForwardConnection } from '../src/server/forward.ts';

/** One service in its enclave for all tests. Its start is a test of the demonstration's first chapters. */
let folder: string;
let platform: EmbeddedPlatform | undefined;
let service: RunningService | undefined;
let connection: ForwardConnection;
let trust: Trust;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enclos-page-'));
  const story = createStory(() => undefined);
  const signed = await buildService(story, join(folder, 'image'));
  await collectModels(join(folder, 'models'));
  platform = await startPlatform({ stateFolder: join(folder, 'platform') });
  service = await startService(signed, platform, join(folder, 'models'));
  connection = forwardTo(service.address);
  trust = await decideTrust(story, signed.mrEnclave, join(folder, 'platform'));
});
after(async () => {
  connection?.close();
  await service?.stop();
  await platform?.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(page: Session, t: TestContext, changed: Partial<Trust> = {}): Promise<HostBetween> {
  const between = hostBetween(connection.forward);
  const opened = await openPage({ trust: { ...trust, ...changed }, between }, 0);
  t.after(() => opened.close());
  await page.open(opened.url);
  await page.until("document.querySelector('#enclave .summary:not([data-grade=neutral])')");
  return between;
}

const text = async (page: Session, selector: string): Promise<string> =>
  String(await page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`));
const click = (page: Session, selector: string): Promise<unknown> =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);

async function pressed(page: Session, key: string, code = key): Promise<void> {
  const stroke = { key, code, ...(key === ' ' ? { text: ' ' } : {}) };
  await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...stroke });
  await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...stroke });
}

/** Draws with the mouse, by places from 0 to 1. */
async function draw(page: Session, ...points: readonly (readonly [number, number])[]): Promise<void> {
  const box = (await page.evaluate("document.querySelector('#pad').getBoundingClientRect().toJSON()")) as DOMRect;
  const send = (type: string, [x, y]: readonly [number, number]): Promise<unknown> =>
    page.send('Input.dispatchMouseEvent', {
      type,
      x: box.x + x * box.width,
      y: box.y + y * box.height,
      button: 'left',
      buttons: 1,
      clickCount: 1,
    });
  const [first = [0, 0]] = points;
  await send('mousePressed', first);
  for (const point of points) await send('mouseMoved', point);
  await send('mouseReleased', points.at(-1) ?? first);
}

/** Presses the button, and waits for what it shows. */
async function ask(page: Session): Promise<void> {
  await click(page, '#read');
  await page.until("document.querySelector('#answer .digit, #answer .summary')");
}

/** Requests to others, what the policy of the page refused, and what its script complained of. */
function complaints(page: Session): readonly unknown[] {
  return page.events
    .filter(({ method, params }) => {
      if (method === 'Network.requestWillBeSent') {
        return !/^http:\/\/127\.0\.0\.1:\d+\//.test((params['request'] as { url: string }).url);
      }
      return ['Log.entryAdded', 'Runtime.exceptionThrown', 'Runtime.consoleAPICalled'].includes(method);
    })
    .map(({ params }) => params);
}

chromium.test(
  'a drawn digit is read by the verified enclave, with a receipt; a changed answer is refused',
  async (page, t) => {
    const between = await open(page, t);
    assert.match(await text(page, '#enclave'), /It is the enclave that this page expects/);
    assert.match(await text(page, '#enclave'), /software platform/);
    assert.match(await text(page, '#enclave details'), new RegExp(trust.root.fingerprint));
    assert.equal(await page.evaluate("document.querySelector('#read').disabled"), true);
    await draw(page, [0.28, 0.17], [0.72, 0.17], [0.57, 0.5], [0.42, 0.85]);
    await ask(page);
    assert.match(await text(page, '.digit'), /^7/);
    assert.match(await text(page, '#receipt'), /Signed by this enclave.*digits, version 1/s);
    assert.match(await text(page, '#announcement'), /reads 7\. The receipt holds/);
    // The report and one sealed request, in which the host finds nothing of it.
    assert.equal(between.requests, 2);
    assert.equal(between.hasSeen('digits/infer'), false);
    for (const scheme of ['light', 'dark']) {
      await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
      await page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })");
      assert.deepEqual(await page.evaluate(contrastProblems), []);
    }
    const narrow = { width: 320, height: 640, deviceScaleFactor: 1, mobile: true };
    await page.send('Emulation.setDeviceMetricsOverride', narrow);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);

    await click(page, '#hostile');
    await ask(page);
    assert.match(await text(page, '#answer'), /Refused: this is not the answer of the enclave/);
    assert.equal(await text(page, '.digit'), '');
    assert.doesNotMatch(await text(page, '#receipt'), /Signed/);
    assert.deepEqual(await page.evaluate(contrastProblems), []);
    await ask(page);
    await page.until("document.querySelector('.digit')");
    assert.deepEqual(complaints(page), []);
  },
);

chromium.test('another enclave, and another root, get no drawing', async (page, t) => {
  const { policy } = trust;
  const zeros = '00'.repeat(32);
  for (const [changed, code] of [
    [{ ...policy, mrEnclave: [zeros] }, 'APPRAISAL_REFUSED'],
    [{ ...policy, softwareRoots: [zeros] }, 'APPRAISAL_REFUSED'],
  ] as const) {
    const between = await open(page, t, { policy: changed });
    assert.match(await text(page, '#enclave'), new RegExp(`Refused: nothing is sent.*${code}`, 's'));
    await click(page, '#examples button');
    assert.equal(await page.evaluate("document.querySelector('#read').disabled"), true);
    await page.evaluate("document.querySelector('#pad').focus()");
    await pressed(page, 'Enter');
    await click(page, '#again');
    await page.until("!document.querySelector('#again').disabled");
    // The question who it is, twice, and nothing else.
    assert.equal(between.requests, 2);
  }
});

chromium.test('it can be used by keyboard, and every control has a name', async (page, t) => {
  await open(page, t);
  const reached: string[] = [];
  for (let count = 0; count < 18; count++) {
    await pressed(page, 'Tab');
    reached.push(String(await page.evaluate('document.activeElement.id || document.activeElement.tagName')));
  }
  for (const wanted of ['pad', 'clear', 'hostile', 'again', 'BUTTON', 'SUMMARY']) {
    assert.ok(reached.includes(wanted), `${wanted} of ${reached.join(', ')}`);
  }
  await page.evaluate("document.querySelector('#pad').focus()");
  for (let count = 0; count < 8; count++) await pressed(page, 'ArrowUp');
  await pressed(page, ' ', 'Space');
  assert.equal(await text(page, '#announcement'), 'The pen is down.');
  for (let count = 0; count < 16; count++) await pressed(page, 'ArrowDown');
  await pressed(page, ' ', 'Space');
  await pressed(page, 'Enter');
  await page.until("document.querySelector('.digit')");
  assert.match(await text(page, '.digit'), /^1/);
  await page.send('Accessibility.enable');
  const { nodes } = (await page.send('Accessibility.getFullAXTree')) as {
    nodes: readonly { ignored: boolean; role?: { value: string }; name?: { value: string } }[];
  };
  const controls = ['application', 'button', 'checkbox', 'link'];
  const found = nodes.filter(({ ignored, role }) => !ignored && controls.includes(role?.value ?? ''));
  assert.ok(found.length > 14);
  assert.deepEqual(
    found.filter(({ name }) => name?.value === ''),
    [],
  );
});
