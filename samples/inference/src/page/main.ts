import { byId, element, mark, type Grade } from '@enclos/console/elements';
import { DigitService } from './digit-service.ts';
import { examples } from './drawing/examples.ts';
import { Pad } from './drawing/pad.ts';
import { pixelsOf } from './drawing/strokes.ts';
import { readTrust, type PageTrust } from './trust.ts';
import { answerView } from './view/answer.ts';
import { enclaveView, verifyingView } from './view/enclave.ts';
import { failureView } from './view/failure.ts';
import { receiptView } from './view/receipt.ts';

const enclave = byId('enclave', HTMLDivElement);
const answer = byId('answer', HTMLDivElement);
const receipt = byId('receipt', HTMLDivElement);
const announcement = byId('announcement', HTMLParagraphElement);
const read = byId('read', HTMLButtonElement);
const again = byId('again', HTMLButtonElement);
const hostile = byId('hostile', HTMLInputElement);
const ready = byId('ready', HTMLParagraphElement);
const answerArea = byId('answer-area', HTMLElement);

const hint = (text: string): HTMLElement => element('p', { class: 'hint' }, text);
const tell = (text: string): void => {
  announcement.textContent = text;
};
/** Beside the button, whether it can send anything. */
const showReady = (grade: Grade, text: string): void => ready.replaceChildren(mark(grade, text));
/** How long an answer may take. */
const patienceMs = 30_000;

let trust: PageTrust | undefined;
let service: DigitService | undefined;

/** Verifies the enclave anew. Without that nothing can be sent. */
async function verify(): Promise<void> {
  again.disabled = true;
  service?.close();
  service = undefined;
  showReadable();
  enclave.replaceChildren(verifyingView());
  showReady('neutral', 'The enclave is being verified');
  try {
    trust ??= await readTrust(document.baseURI);
    const attested = new DigitService(new URL('service/', document.baseURI), trust);
    const evidence = await attested.attest();
    service = attested;
    enclave.replaceChildren(...enclaveView(evidence, trust));
    showReady('good', 'The enclave is verified');
    tell('The enclave is the one that this page expects.');
  } catch (error) {
    enclave.replaceChildren(failureView('Refused: nothing is sent', error));
    showReady('bad', 'The enclave was refused');
    tell('The enclave was refused, and nothing is sent.');
  } finally {
    again.disabled = false;
    showReadable();
  }
}

async function ask(): Promise<void> {
  if (service === undefined || pad.strokes.length === 0) return;
  read.disabled = true;
  answer.replaceChildren(hint('The drawing is sealed and sent.'));
  receipt.replaceChildren(hint('It comes with the answer.'));
  try {
    if (hostile.checked) await fetch(new URL('host/change-next-answer', document.baseURI), { method: 'POST' });
    hostile.checked = false;
    const reading = await service.read(pixelsOf(pad.strokes), AbortSignal.timeout(patienceMs));
    answer.replaceChildren(answerView(reading));
    receipt.replaceChildren(...receiptView(reading.receipt));
    tell(`The enclave reads ${reading.digit}. The receipt holds.`);
  } catch (error) {
    answer.replaceChildren(failureView('Refused: this is not the answer of the enclave', error));
    receipt.replaceChildren(hint('An answer that was refused has none.'));
    tell('The answer was refused.');
  } finally {
    showReadable();
    answerArea.scrollIntoView({ block: 'nearest' });
  }
}

function showReadable(): void {
  read.disabled = service === undefined || pad.strokes.length === 0;
}

const pad = new Pad(byId('pad', HTMLCanvasElement), { changed: showReadable, told: tell, asked: () => void ask() });
for (const [digit, strokes] of examples.entries()) {
  const button = element('button', { class: 'quiet', type: 'button', 'aria-label': `Draw a ${digit}` }, String(digit));
  button.addEventListener('click', () => pad.draw(strokes));
  byId('examples', HTMLDivElement).append(button);
}
byId('clear', HTMLButtonElement).addEventListener('click', () => pad.draw([]));
read.addEventListener('click', () => void ask());
again.addEventListener('click', () => void verify());
void verify();
