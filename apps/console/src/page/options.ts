import { fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { byId } from './dom.ts';

/** What the controls of the page say. */
export interface Options {
  readonly intelRoot: boolean;
  readonly amdRoots: boolean;
  readonly now: Date;
  readonly allowTrailingBytes: boolean;
  readonly reportData: Uint8Array | undefined;
}

const reportDataBytes = 64;

/**
 * Reads the controls; a problem in words when one of them holds nonsense, which is never taken for a default.
 *
 * @param isNonce what is expected is the nonce of a vTPM, which may have any length.
 */
export function readOptions(isNonce: boolean): Options | { readonly problem: string } {
  const now = chosenTime();
  if (now === undefined) return { problem: 'Choose the time of verification, in UTC.' };
  const typed = input('report-data').value.replaceAll(/\s/g, '');
  const reportData = typed === '' ? undefined : hex(typed);
  if (typed !== '' && isNonce && reportData === undefined) return { problem: 'The expected nonce is not hex.' };
  if (typed !== '' && !isNonce && reportData?.length !== reportDataBytes) {
    return { problem: `The expected report data is not ${reportDataBytes} bytes of hex.` };
  }
  return {
    intelRoot: input('root-intel').checked,
    amdRoots: input('root-amd').checked,
    now,
    allowTrailingBytes: input('trailing').checked,
    reportData,
  };
}

/** Calls `change` whenever a control was changed. */
export function watchOptions(change: () => void): void {
  input('time').addEventListener('input', () => {
    input('time-chosen').checked = true;
  });
  byId('options', HTMLFormElement).addEventListener('input', change);
  byId('options', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
}

/** Chooses the present as the time of verification, or a time in UTC. */
export function chooseTime(time?: string): void {
  input('time').value = (time ?? new Date().toISOString()).slice(0, 19);
  input(time === undefined ? 'time-now' : 'time-chosen').checked = true;
}

function input(id: string): HTMLInputElement {
  return byId(id, HTMLInputElement);
}

function chosenTime(): Date | undefined {
  if (input('time-now').checked) return new Date();
  const time = new Date(`${input('time').value}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function hex(text: string): Uint8Array | undefined {
  try {
    return fromHex(text);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
