// The demonstration: node dist/src/demo.js [--page] [--port PORT]
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tellStory, type Story } from '@enclos/sample-vault/story';
import { readDigit } from './demo/digits.ts';
import { openPage } from './demo/page.ts';
import { refuseModel, refuseOthers } from './demo/refusals.ts';
import { onStage, type Stage } from './demo/stage.ts';
import { streamText } from './demo/text.ts';
import { findVoice } from './demo/voice.ts';

const options = { page: { type: 'boolean', default: false }, port: { type: 'string', default: '8700' } } as const;
const { page, port } = parseArgs({ options }).values;

async function tell(story: Story, folder: string): Promise<void> {
  await onStage(story, folder, async (stage) => {
    await readDigit(stage);
    await findVoice(stage);
    await streamText(stage);
    await refuseOthers(stage);
    await stage.service.stop();
    await refuseModel(stage);
  });
  story.note('\n   Every step above truly happened. This was the software platform: it shows the whole model,');
  story.note('but it does not keep secrets from the owner of this machine. Hardware does that.');
  story.note('\n   Draw a digit in your browser: npm run inference:demo -- --page');
}

/** Until the program is told to end. */
async function show({ story, ...stage }: Stage): Promise<void> {
  story.chapter('Draw a digit in your browser');
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const opened = await openPage(stage, Number(port));
  try {
    story.say('open', opened.url);
    story.note('Ctrl-C ends it.');
    await told;
  } finally {
    await opened.close();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'enclos-inference-'));
try {
  const work = async (story: Story): Promise<void> => (page ? onStage(story, folder, show) : tell(story, folder));
  process.exitCode = await tellStory(work, {
    write: (line) => void process.stdout.write(`${line}\n`),
    fail: (line) => void process.stderr.write(`${line}\n`),
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
