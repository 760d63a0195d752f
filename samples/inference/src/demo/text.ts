import { serviceUrl, type Scene } from './scene.ts';

const prompt = 'The enclave ';

/** A completion as OpenAI's API streams it. */
export async function streamText({ story, client, between, receipts }: Scene): Promise<void> {
  story.chapter('Text, one character after the other');
  const before = receipts.length;
  const response = await client.fetch(`${serviceUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'characters',
      messages: [{ role: 'user', content: prompt }],
      stream: true,
      seed: 3,
      temperature: 0.4,
      max_tokens: 64,
    }),
  });
  const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'));
  const text = events.map((event) => pieceOf(event.slice('data: '.length))).join('');
  story.say('it writes', JSON.stringify(`${prompt}${text}`));
  story.happened(`${events.length} events came, and their receipt at the end`, receipts.length === before + 1);
  story.happened(
    'the host between carried all of it, and saw neither the question nor the answer',
    text.length > 20 && !between.hasSeen(prompt) && !between.hasSeen(text.slice(0, 12)),
  );
}

/** The text in one event of a stream of chat completions. */
function pieceOf(json: string): string {
  // The enclave wrote it: the client has verified that.
  const { choices } = JSON.parse(json) as { choices?: readonly { delta?: { content?: string } }[] };
  return choices?.[0]?.delta?.content ?? '';
}
