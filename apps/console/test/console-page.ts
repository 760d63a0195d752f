import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Session } from '@enclos/testkit';
import { createSiteServer } from '../src/server/site-server.ts';

/** The console in a browser, as a person has it. */
export class ConsolePage {
  readonly #page: Session;
  readonly #folder: string;

  private constructor(page: Session, folder: string) {
    this.#page = page;
    this.#folder = folder;
  }

  static async open(page: Session, t: TestContext): Promise<ConsolePage> {
    const server = createSiteServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const folder = mkdtempSync(join(tmpdir(), 'enclos-console-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    await page.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.until("document.querySelector('#result .summary')");
    return new ConsolePage(page, folder);
  }

  /** A file on the disk. */
  file(name: string, content: Uint8Array | string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Chooses files with the button. */
  async choose(...paths: readonly string[]): Promise<void> {
    const { root } = (await this.#page.send('DOM.getDocument')) as { root: { nodeId: number } };
    const query = { nodeId: root.nodeId, selector: '#files' };
    const { nodeId } = (await this.#page.send('DOM.querySelector', query)) as { nodeId: number };
    await this.#answered(() => this.#page.send('DOM.setFileInputFiles', { nodeId, files: paths }));
  }

  /** Drops files on the page with the mouse. */
  async drop(...paths: readonly string[]): Promise<void> {
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    await this.#answered(async () => {
      for (const type of ['dragEnter', 'dragOver', 'drop']) {
        await this.#page.send('Input.dispatchDragEvent', { type, x: 300, y: 200, data });
      }
    });
  }

  /** Pastes a text and presses the button. */
  async paste(text: string): Promise<void> {
    await this.#page.evaluate("document.querySelector('#paste').focus()");
    await this.#page.send('Input.insertText', { text });
    await this.#answered(() => this.#page.evaluate("document.querySelector('#paste-form button').click()"));
  }

  /** Presses a button. */
  async press(id: string): Promise<void> {
    await this.#answered(() => this.#page.evaluate(`document.querySelector('#${id}').click()`));
  }

  /** Chooses the time of verification. */
  async setTime(time: Date): Promise<void> {
    await this.set('time', time.toISOString().slice(0, 19));
  }

  async set(id: string, value: string): Promise<void> {
    const change = `input.value = ${JSON.stringify(value)}; input.dispatchEvent(new Event('input', { bubbles: true }))`;
    await this.#answered(() => this.#page.evaluate(`{ const input = document.querySelector('#${id}'); ${change} }`));
  }

  /** What a screen reader was told last. */
  announcement(): Promise<string> {
    return this.text('#announcement');
  }

  async text(selector: string): Promise<string> {
    const read = `document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`;
    return String(await this.#page.evaluate(read));
  }

  /** Does something that the page answers by showing a result, and waits for that. */
  async #answered(act: () => Promise<unknown>): Promise<void> {
    await this.#page.evaluate(
      "window.answers = 0; new MutationObserver(() => { window.answers += 1; }).observe(document.querySelector('#result'), { childList: true }); undefined",
    );
    await act();
    await this.#page.until('window.answers > 0');
  }
}
