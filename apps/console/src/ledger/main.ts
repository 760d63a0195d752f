import { byId, element, foreign } from '../page/dom.ts';
import { watchDrops, watchFiles } from '../page/given-files.ts';
import { mark } from '../page/view/mark.ts';
import { checkGiven } from './check.ts';
import { recogniseFile, type GivenFile } from './given.ts';
import { findingView, headlineOf } from './view.ts';

const result = byId('result', HTMLElement);
const announcement = byId('announcement', HTMLElement);
const entries = byId('entries', HTMLElement);
const given: GivenFile[] = [];
/** The number of the latest change: an answer to an earlier one is not shown. */
let latest = 0;

const kinds: Readonly<Record<GivenFile['kind'], string>> = Object.freeze({
  chunk: 'a part of a ledger',
  snapshot: 'a snapshot',
  receipt: 'a receipt',
  certificates: 'a certificate to trust as the service',
  keys: 'a private key of a member; it stays in this page',
  unknown: 'not recognised',
});

async function add(files: readonly File[]): Promise<void> {
  given.push(...(await Promise.all(files.map(recogniseFile))));
  await refresh();
}

async function refresh(): Promise<void> {
  const mine = ++latest;
  entries.replaceChildren(...given.map(entryView));
  if (given.length === 0) {
    show([waitingView('Add the files of a ledger, a snapshot or a receipt.')], 'Not verified yet');
    return;
  }
  show([waitingView('Verifying …')], 'Verifying');
  const findings = await checkGiven(given, ({ bytes, totalBytes, transactions }) => {
    if (mine !== latest) return;
    const share = totalBytes === undefined || totalBytes === 0 ? '' : ` ${Math.floor((100 * bytes) / totalBytes)} %`;
    result.replaceChildren(waitingView(`Verifying …${share}, ${transactions.toLocaleString('en')} transactions`));
  });
  if (mine !== latest) return;
  if (findings.length === 0) {
    show(
      [waitingView('Nothing here can be verified: add the files of a ledger, a snapshot or a receipt.')],
      'Not verified yet',
    );
    return;
  }
  show(findings.map(findingView), findings.map(headlineOf).join('. '));
}

function show(views: readonly Node[], text: string): void {
  result.replaceChildren(...views);
  announcement.textContent = text;
}

function waitingView(text: string): HTMLElement {
  return element(
    'div',
    { class: 'summary', 'data-grade': 'neutral' },
    element('p', { class: 'headline' }, mark('neutral', text)),
  );
}

function entryView(one: GivenFile): HTMLElement {
  const name = one.kind === 'chunk' ? one.file.name : one.name;
  const what = one.kind === 'unknown' ? `${kinds.unknown}: it ${one.why}` : kinds[one.kind];
  const remove = element('button', { class: 'quiet', type: 'button', 'aria-label': `Remove ${name}` }, 'Remove');
  remove.addEventListener('click', () => {
    given.splice(given.indexOf(one), 1);
    byId('files', HTMLInputElement).focus();
    run(refresh);
  });
  const text = element('div', {}, foreign(name), element('span', { class: 'source' }, what));
  return element('li', {}, text, remove);
}

/** A mistake of the page must not look like an answer: what was shown before goes away. */
function run(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    latest += 1;
    const text = error instanceof Error ? error.message : String(error);
    show([element('p', { class: 'problem' }, 'The page failed. ', foreign(text))], 'The page failed.');
  });
}

watchFiles((files) => run(() => add(files)));
watchDrops((files) => {
  if (files.length > 0) run(() => add(files));
});
run(refresh);
