/** Samples of a second, which the voice model is made for. */
export const sampleRate = 16_000;

/** Where a vowel resonates, in hertz: formants of an adult voice after Peterson and Barney (1952). */
const vowels: readonly (readonly [number, number, number])[] = [
  [730, 1090, 2440],
  [270, 2290, 3010],
  [570, 840, 2410],
  [530, 1840, 2480],
  [300, 870, 2240],
];

/** One part of a sound. */
export interface SoundPart {
  readonly isVoice: boolean;
  readonly seconds: number;
}

/** A resonance: a filter of two poles (Klatt, 1980). */
function resonator(frequency: number, bandwidth: number): (input: number) => number {
  const radius = Math.exp((-Math.PI * bandwidth) / sampleRate);
  const b = 2 * radius * Math.cos((2 * Math.PI * frequency) / sampleRate);
  const c = -radius * radius;
  let [last, before] = [0, 0];
  return (input) => {
    const output = (1 - b - c) * input + b * last + c * before;
    [last, before] = [output, last];
    return output;
  };
}

/** Syllables of a voice: pulses of the vocal folds through the resonances of one vowel after the other. */
function voice(count: number, random: () => number): Float32Array {
  const made = new Float32Array(count);
  const syllable = Math.round(0.22 * sampleRate);
  let phase = 0;
  let filters: readonly ((input: number) => number)[] = [];
  for (let at = 0; at < count; at++) {
    const within = (at % syllable) / syllable;
    if (at % syllable === 0) {
      const [first, second, third] = vowels[Math.floor(at / syllable) % vowels.length] ?? [730, 1090, 2440];
      filters = [resonator(first, 80), resonator(second, 100), resonator(third, 140)];
    }
    const pitch = 125 + 25 * Math.sin((2 * Math.PI * at) / (0.9 * sampleRate)) - 15 * within;
    phase += pitch / sampleRate;
    const pulse = phase >= 1 ? 1 : 0;
    phase %= 1;
    const loudness = Math.sin(Math.PI * Math.min(1, within * 1.15)) ** 0.7 || 0;
    const breath = 0.02 * (2 * random() - 1);
    made[at] = loudness * filters.reduce((sum, filter) => filter(sum), pulse + breath);
  }
  return made;
}

/** A sound of these parts: a synthetic voice, and the noise of a quiet room. Its loudest sample is 0.5. */
export function makeSound(parts: readonly SoundPart[], random: () => number): Float32Array {
  const pieces = parts.map(({ isVoice, seconds }) => {
    const count = Math.round(seconds * sampleRate);
    return isVoice ? voice(count, random) : new Float32Array(count);
  });
  const sound = Float32Array.from(pieces.flatMap((piece) => [...piece]));
  const loudest = sound.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  return sound.map((value) => (0.5 * value) / loudest + 0.0005 * (2 * random() - 1));
}
