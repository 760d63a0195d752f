import { equalBytes } from '@enclos/codec';
import { repeatableRandom } from '../training/random.ts';
import { detectVoice, windowMs } from '../voice/detector.ts';
import { makeSound } from '../voice/sound.ts';
import { runOutside } from './outside.ts';
import type { Scene } from './scene.ts';
import { voiceModelPath } from './service.ts';

const pause = { isVoice: false, seconds: 0.8 };
const threshold = 0.5;

export async function findVoice({ story, client, receipts }: Scene): Promise<void> {
  story.chapter('A voice in a sound that is made here');
  const sound = makeSound([pause, { isVoice: true, seconds: 1.4 }, pause], repeatableRandom(5));
  const before = receipts.length;
  const inside = await detectVoice(sound, async (inputs) => (await client.infer({ model: 'voice', inputs })).outputs);
  story.say('the sound', '0.8 s of a quiet room, 1.4 s of a voice, 0.8 s of a quiet room');
  story.say('what is found', inside.likely.map((value) => (value > threshold ? '█' : '·')).join(''));
  const start = (inside.likely.findIndex((value) => value > threshold) * windowMs) / 1000;
  const end = (inside.likely.findLastIndex((value) => value > threshold) * windowMs) / 1000;
  story.happened(
    `the enclave hears a voice from ${start.toFixed(1)} s to ${end.toFixed(1)} s`,
    start > 0.7 && start < 1 && end > 2 && end < 2.5,
  );
  const outside = await detectVoice(sound, await runOutside(voiceModelPath()));
  story.happened(
    `all ${inside.bytes.length.toLocaleString('en')} bytes of ${inside.likely.length} answers are those of ONNX Runtime outside`,
    equalBytes(inside.bytes, outside.bytes),
  );
  story.happened('each answer had a receipt', receipts.length - before === inside.likely.length);
}
