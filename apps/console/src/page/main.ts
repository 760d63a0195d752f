import { check } from './check.ts';
import { byId, element } from './dom.ts';
import { watchDrops, watchFiles } from './given-files.ts';
import { chooseTime, readOptions, watchOptions } from './options.ts';
import { requestOf } from './request.ts';
import { textSource, Session, type Source } from './session.ts';
import { entriesView } from './view/entries.ts';
import { failureView, outcomeView } from './view/outcome.ts';
import { summaryText } from './view/summary.ts';

const session = new Session();
const result = byId('result', HTMLElement);
const announcement = byId('announcement', HTMLElement);
const entries = byId('entries', HTMLElement);
/** The number of the latest change: an answer to an earlier one is not shown. */
let latest = 0;

async function refresh(): Promise<void> {
  const mine = ++latest;
  entries.replaceChildren(...entriesView(session.entries, remove));
  const options = readOptions(session.evidence?.kind === 'azure-evidence');
  if ('problem' in options) {
    show([element('p', { class: 'problem' }, options.problem)], options.problem);
    return;
  }
  const outcome = await check(requestOf(session, options));
  if (mine === latest) show(outcomeView(outcome, options.now), summaryText(outcome));
}

function show(views: readonly Node[], text: string): void {
  result.replaceChildren(...views);
  announcement.textContent = text;
}

function remove(id: number): void {
  session.remove(id);
  // The button that had the focus is gone with its entry.
  byId('paste', HTMLTextAreaElement).focus();
  run(refresh);
}

/** What example.js holds: texts by the names to show. */
interface Example {
  readonly at: string;
  readonly files: Readonly<Record<string, string>>;
}

let showsExample = false;

async function add(sources: readonly Source[], example?: Example): Promise<void> {
  // The example does not mix with anything: its root vouches for it alone, and its time is its own.
  if (showsExample || example !== undefined) {
    session.clear();
    chooseTime(example?.at);
  }
  showsExample = example !== undefined;
  await session.add(sources);
  await refresh();
  // In one column the result is above what it came from.
  scrollTo(0, 0);
}

/** A mistake of the page must not look like an answer: what was shown before goes away. */
function run(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    latest += 1;
    show([failureView(error)], 'The page failed.');
  });
}

function watchPaste(): void {
  const area = byId('paste', HTMLTextAreaElement);
  byId('paste-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const text = area.value;
    if (text.trim() === '') return;
    area.value = '';
    run(() => add([textSource(text)]));
  });
}

/** Without its file, as in a copy of the other files alone, there is no example. */
function watchExample(): void {
  const { enclosExample: example } = globalThis as { readonly enclosExample?: Example };
  if (example === undefined) return;
  const button = byId('example', HTMLElement);
  button.hidden = false;
  button.addEventListener('click', () => {
    const sources = Object.entries(example.files).map(([name, text]) => textSource(text, name));
    run(() => add(sources, example));
  });
}

watchFiles((files) => run(() => add(files)));
watchDrops((files, text) => {
  const sources = files.length > 0 ? files : text === '' ? [] : [textSource(text)];
  if (sources.length > 0) run(() => add(sources));
});
watchPaste();
watchOptions(() => run(refresh));
watchExample();
chooseTime();
run(refresh);
