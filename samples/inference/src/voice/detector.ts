import { concatBytes } from '@enclos/codec';
import { floatsOf, tensorOf, type Tensor } from '@enclos/open-inference';
import { sampleRate } from './sound.ts';

/** Runs the voice model (Silero VAD 6) wherever it is: inputs `input`, `state`, `sr`, outputs `output`, `stateN`. */
export type VoiceModel = (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;

export interface VoiceFindings {
  /** How likely a voice is, from 0 to 1, for each window of 32 ms. */
  readonly likely: readonly number[];
  /** All outputs of all windows, to compare byte by byte. */
  readonly bytes: Uint8Array;
}

const windowSamples = 512;
/** The model sees the end of the window before. */
const contextSamples = 64;

/** Milliseconds of one window. */
export const windowMs = (1000 * windowSamples) / sampleRate;

/** Listens to a sound of 16,000 samples a second, window by window. The state of the model goes on from one to the next. */
export async function detectVoice(sound: Float32Array, run: VoiceModel): Promise<VoiceFindings> {
  const rate = tensorOf('sr', 'INT64', BigInt64Array.of(BigInt(sampleRate)), []);
  let state = tensorOf('state', 'FP32', new Float32Array(256), [2, 1, 128]);
  const padded = new Float32Array(contextSamples + sound.length);
  padded.set(sound, contextSamples);
  const likely: number[] = [];
  const outputs: Uint8Array[] = [];
  for (let start = 0; start + windowSamples <= sound.length; start += windowSamples) {
    const heard = padded.slice(start, start + contextSamples + windowSamples);
    const input = tensorOf('input', 'FP32', heard, [1, heard.length]);
    // Each window needs the state after the one before.
    // eslint-disable-next-line no-await-in-loop
    const answer = await run([input, state, rate]);
    const output = outputOf(answer, 'output');
    state = { ...outputOf(answer, 'stateN'), name: 'state' };
    likely.push(floatsOf(output)[0] ?? 0);
    outputs.push(output.data, state.data);
  }
  return { likely, bytes: concatBytes(...outputs) };
}

function outputOf(answer: readonly Tensor[], name: string): Tensor {
  const found = answer.find((tensor) => tensor.name === name);
  if (found === undefined) throw new Error(`The voice model gave no ${name}.`);
  return found;
}
